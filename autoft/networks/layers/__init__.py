"""Keras layers of stacked networks."""
