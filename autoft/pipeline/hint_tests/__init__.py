"""Hint tests: trainings without each hint, and what they say.

Modules, from ground to roof:

inputs     Hints that fix how a column is read (orders, logarithmic scales), and the same rows read without them
responses  Responses of networks to a column that a hint is about, on rows that they were not trained on
jobs       Trainings that hints are tested by: their names, their seconds, and the trial that they repeat
trainings  Trainings without each hint, and without all, of one configuration, as far as there is time
verdicts   Verdicts on hints: networks with and without each of them, compared on held-out rows
stage      Tests of hints: a chosen configuration is trained again without each of them, and without all
"""
