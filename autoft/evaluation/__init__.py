"""Evaluation: folds, metrics, selection, and scores corrected for every choice.

Modules, from ground to roof:

bootstrap           The cluster bootstrap: draws of rows, and intervals of scores computed on them
calibration         Calibration of probabilities: temperature, and isotonic regression on large binary tables
costs               Costs of single rows: the one place where costs meet true labels
decisions           Decisions: the class that is decided for each row
document            The document `evaluation.json`: an evaluation as plain data and back (format: docs/evaluation...
fold_model          Fold models: rows predicted by the fold's network that did not train on them
folds               Folds: blocks of rows, fixed before anything learns, that say which rows each model may learn...
hint_tests          Hint tests: whether the data agree with a hint, from two trainings that differ in that hint a...
label_errors        Label errors: labels of held-out rows that the model finds improbable
losses              Predictions and losses of held-out rows in numpy, float64, as curves and choices need them
blend               Blending: weighted means of the predictions of several trials
decision_costs      Decision costs: the deployed rule beside simpler ones (one answer to all rows, the most proba...
metrics             Metrics: one class a metric, with all that autoft knows of it
partial_dependence  Partial dependence (Friedman 2001) and individual conditional expectation (Goldstein et al. 2...
decision_rule       Decision rules: calibration and threshold, fitted on any weighting of the rows
overfitting         Overfitting: train against held-out performance, fold by fold, and a summary in words
scores              Scores: every metric of one set of predictions, on the rows as they are or under many weightings
details             Details behind the scores: tables by class, the confusion matrix and curves
importance          Permutation importance on held-out rows: the loss of score when one column is shuffled (Breim...
selection           Selection: the best trial or a blend of a few, on all rows and again on each bootstrap draw
correction          Corrected scores: what the chosen model is worth after the choice among trials is corrected for
baselines           Baselines: simple models on the same folds, which a network has to beat to be worth its trouble
ensemble_gain       Ensemble gain: what the mean of the folds' networks is worth beyond its members, from models ...
slices              Slices: groups of rows, their scores, and the search for weak ones
hint_slices         Hint slices: groups of rows in which the networks with a hint are worse than those without it...
"""
