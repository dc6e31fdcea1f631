"""Recipes: strict YAML to frozen records and back."""
