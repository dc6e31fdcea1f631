"""Hints put to the test: what to train without each of them, in how much time, and what the data say of it."""
