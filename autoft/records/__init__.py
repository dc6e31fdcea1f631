"""Records: frozen dataclasses that the rooms hand to one another."""
