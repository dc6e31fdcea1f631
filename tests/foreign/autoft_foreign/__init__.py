"""A package that adds one thing of each kind to autoft; its pyproject.toml announces them."""
