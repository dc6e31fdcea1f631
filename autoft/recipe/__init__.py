"""Recipes: strict YAML to frozen records and back.

Modules, from ground to roof:

messages   Messages about mistakes in a recipe, in the four parts of `autoft.errors`
yaml       YAML of a recipe: plain data of YAML 1.2, without anchors, tags and repeated keys
fields     Types of the values in the sections of a recipe
knowledge  Section `knowledge` of a recipe: hints of experts, one a line (docs/knowledge.md)
sections   Sections of a recipe: frozen pydantic models with strict types
recipe     Recipes: data, search, evaluation and knowledge of a run, read from YAML (examples: recipes/)
"""
