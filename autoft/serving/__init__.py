"""Serving: the saved model, predictions, and the monitor of new tables.

Modules, from ground to roof:

artifact   The saved model: a folder that is whole or absent, checked before it is trusted
csv        Predictions as a CSV text that a spreadsheet can open safely
monitor    A table beside the one that a model was trained on: schema, drift, unseen categories, values out of range
predictor  Answers for new tables: aligned, converted and checked as the training table was
"""
