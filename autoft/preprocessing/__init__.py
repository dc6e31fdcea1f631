"""Preprocessing: layout of the inputs, statistics by fold, encoding of cells, Keras layers.

The same layers encode the rows for training and sit in front of the saved model, so the two cannot drift
apart. Their statistics are fitted for each member of the stack on that member's training rows alone.
"""
