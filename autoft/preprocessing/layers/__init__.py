"""Keras layers of preprocessing, each registered where it is declared.

Modules, from ground to roof:

categories  Layers of categories: each member's own slots, and one-hot columns
derived     Layers that make numbers of numbers: parts of dates, times between them, quotients, products, choices
numbers     Layers of numbers: gaps, scales, quantiles; stacked, so that every member has the statistics of its o...
texts       Layers of running text: counts of words, and their weights
"""
