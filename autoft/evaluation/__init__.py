"""What a model is worth: folds, metrics, scores corrected for every choice, baselines and the overfitting verdict."""
