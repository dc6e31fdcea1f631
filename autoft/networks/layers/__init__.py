"""Keras layers of stacked networks.

Modules, from ground to roof:

base         Configured layers: what they are built with they keep under the same names
calibration  Calibration layers, from class probabilities ``[B, C]`` to such: what `autoft.evaluation.calibration...
ensemble     Layers for k networks that share their kernels, inside each member of a stack (`tabm`)
members      Layers that make one stacked network of S separate ones, and vectors of categories for one of them
numbers      Layers for numbers: piecewise-linear encodings and periodic vectors, each member's own (S members, B...
stacked      Layers for a stack of S members that share a program but nothing else
"""
