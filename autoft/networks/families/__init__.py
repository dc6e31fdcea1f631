"""Families of networks: one file each, with all that the search, the training and the hints know of it.

Modules, from ground to roof:

mlp      The stacked multilayer perceptron
own      A user's own Keras model: what its function is given, and what it may return
realmlp  RealMLP: Holzmüller, Grinsztajn, Steinwart, "Better by default", NeurIPS 2024 (arXiv 2407.04491)
linear   The linear model: logistic or softmax regression, or least squares, on the encoded columns
tabm     TabM: Gorishniy, Kotelnikov, Babenko, "TabM: advancing tabular deep learning with parameter-efficient en...
"""

# In the order in which a search lists them.
from autoft.networks.families import mlp, linear, tabm, realmlp  # noqa: F401  # isort: skip
