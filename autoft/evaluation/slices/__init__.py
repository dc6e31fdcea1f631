"""Slices: groups of rows, their scores, and the search for weak ones.

Modules, from ground to roof:

groups   Groups of a column: its values, ranges of its numbers, and the rows where it is missing
redraws  Redraws: the predictions behind a corrected score, draw by draw, for scores of parts of the rows
gaps     Gaps between the groups of a column that the model must not use: rates by group, and the largest difference
scores   Scores of slices: every metric of the overall score on groups of rows, from the same draws
search   Search for weak slices: groups of rows, of one or two conditions, with the highest loss
weak     Weak slices with their scores, from the draws of the overall score
"""
