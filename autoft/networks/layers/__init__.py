"""Keras layers of stacked networks.

Modules, from ground to roof:

calibration  The end of a deployed classifier: what `autoft.evaluation.calibration` has fitted, as Keras layers
ensemble     Layers for k networks that share their kernels, inside each member of a stack (`tabm`)
members      Layers that make one stacked network of S separate ones, and vectors of categories for one of them
numbers      Layers that give the network more of a number than its value: piecewise-linear encodings and periodi...
stacked      Layers for a stack of S members that share a program but nothing else
"""
