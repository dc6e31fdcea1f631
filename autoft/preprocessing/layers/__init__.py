"""Keras layers of preprocessing, each registered where it is declared."""
