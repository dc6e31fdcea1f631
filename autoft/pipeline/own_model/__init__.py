"""A user's own Keras model in a run."""
