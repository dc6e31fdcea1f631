"""Serving: the saved model, predictions, and the monitor of new tables."""
