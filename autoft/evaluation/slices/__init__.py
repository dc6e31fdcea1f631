"""Slices: groups of rows, their scores, and the search for weak ones.

Modules, from ground to roof:

groups   The groups of a column: its values, ranges of its numbers, and the rows where it is missing
redraws  The answers behind a verdict again, draw by draw: for what is asked of parts of the rows after the choice
gaps     What the model says about the groups of a column that it must not use: rates by group, and how far they ...
scores   What the model is worth on groups of rows: every metric as the overall score has it, from the same draws
search   The groups of rows that the model answers worst: a search over all slices of one or two conditions
weak     The weakest slices with what they score, from the draws of the overall score
"""
