"""Hint tests: trainings without each hint, and what they say."""
