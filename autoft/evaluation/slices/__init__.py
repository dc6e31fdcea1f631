"""Slices: groups of rows, their scores, and the search for weak ones."""
