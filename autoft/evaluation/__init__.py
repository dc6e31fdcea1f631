"""Evaluation: folds, metrics, selection, and scores corrected for every choice."""
