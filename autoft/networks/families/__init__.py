"""Families of networks: one file each, with all that the search, the training and the hints know of it."""

# In the order in which a search lists them.
from autoft.networks.families import mlp, linear, trees, tabm, realmlp  # noqa: F401  # isort: skip
