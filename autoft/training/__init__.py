"""Training: all folds of a trial in one compiled epoch program."""
