"""Serving: the saved model, predictions, and the monitor of new tables.

Modules, from ground to roof:

csv         Predictions as a CSV text that a spreadsheet can open safely
model_file  The Keras archive of a saved model: sizes and layers are checked before Keras reads it
artifact    The saved model: a folder that is whole or absent, checked before it is trusted
inputs      Inputs of the raw Keras model from the cells of a table
monitor     A table beside the one that a model was trained on: schema, drift, unseen categories, values out of r...
exporters   Exporters: saved models in the formats of other programs, one file a format
predictor   Answers for new tables: aligned, converted and checked as the training table was
export      Export of a saved model: a file or folder that is whole or absent, and never in the place of another
"""
