"""Evaluation: folds, metrics, selection, and scores corrected for every choice.

Modules, from ground to roof:

bootstrap           The cluster bootstrap: which rows are drawn, and the interval of what was computed on them
calibration         Calibration of probabilities: temperature, and isotonic regression on large binary tables
costs               What the answer to each row costs: the one place where costs meet true labels
folds               Which rows each model may learn from: blocks of rows that are fixed before anything learns
hint_tests          Whether the data agree with a hint, from two trainings that differ in that hint alone
label_errors        Labels that a model finds improbable in rows that it has not seen: mistakes in the table, or ...
losses              Answers and losses of held-out rows in numpy, float64: what curves and choices are read off
partial_dependence  Partial dependence (Friedman 2001) and individual conditional expectation (Goldstein et al. 2...
blend               Blending: the trials that a search has trained, weighted together; nothing trained is thrown ...
decision_rule       What is done to blended answers before they are used: calibration, then for a label the thres...
document            `evaluation.json`: the evaluation as plain data and back (format: docs/evaluation.md)
metrics             The metrics: their names, directions and definitions, and scores of one set of predictions by...
decision_costs      What decisions cost beside simpler rules: the same answer to all rows, and the most probable ...
overfitting         Overfitting: train against held-out performance, fold by fold, and a verdict in plain words
weighted_metrics    Every metric for many weightings of the rows at once, as the bootstrap needs them
importance          Permutation importance on held-out rows: what the model loses when one column is shuffled (Br...
selection           The choice rule, on all rows and again on each bootstrap draw: the best trial, or a blend of ...
correction          The honest score: what the chosen model is worth after correcting for the choice
baselines           Simple models on the same folds: what a network has to beat to be worth its trouble
ensemble_gain       What the deployed bag is worth beyond its members, measured by models that leave out two blocks
slices              Slices: groups of rows, their scores, and the search for weak ones
hint_slices         Groups of rows in which the networks with a hint are worse than those without it, beyond luck
"""
