"""Preprocessing: layout of the inputs, statistics by fold, encoding of cells, Keras layers.

The same layers encode the rows for training and sit in front of the saved model, so the two cannot drift
apart. Their statistics are fitted for each member of the stack on that member's training rows alone.

Modules, from ground to roof:

bins               Bins of the piecewise-linear encoding, found in training rows (numpy)
ratios             Quotients of columns (numpy)
registered_layers  Registered layers: the classes that a saved model may name, and the packages that they come from
text               Running text to counts of words, and which words a member of the stack knows (Python, scipy; n...
layout             What happens to each column, decided from the columns' facts before any row is divided
encode             Cells to numbers without any backend: strings become codes, dates are seconds already
statistics         Statistics of the preprocessing layers, fitted for each member on its training rows alone (num...
columns_of_rows    Cells of single columns and ratios among encoded rows: where they are, and the same rows with ...
layers             The preprocessing layers: stacked, so that every member of the bag has the statistics of its o...
encoder            The preprocessing stack of a plan as one Keras model
"""
