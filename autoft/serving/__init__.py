"""Serving: the saved model, predictions, and the monitor of new tables.

Modules, from ground to roof:

csv         Predictions as CSV text that is safe to open in a spreadsheet
model_file  The Keras archive of a saved model: sizes and layers are checked before Keras reads it
artifact    The saved model: a folder that is whole or absent, checked before it is trusted
inputs      Inputs of the raw Keras model from the cells of a table
monitor     Monitor of new tables: schema, drift, unseen categories, values out of range
exporters   Exporters: saved models in the formats of other programs, one file a format
predictor   Predictions for new tables, which are aligned, converted and checked as the training table was
export      Export of a saved model: a file or folder that is whole or absent, and never in the place of another
"""
