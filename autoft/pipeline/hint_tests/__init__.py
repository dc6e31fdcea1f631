"""Hint tests: trainings without each hint, and what they say.

Modules, from ground to roof:

inputs     Hints that fix how a column is read (orders, logarithmic scales): the same rows, read as if these were...
responses  Responses of networks to a column that a hint is about, on rows that they were not trained on
trainings  The trainings that put hints to the test: the same configuration without each of them, and without all
verdicts   Verdicts on hints: what trainings with and without each of them say on the rows that are held out
stage      Hints put to the test: the deployed configuration is trained again without each of them, and without all
"""
