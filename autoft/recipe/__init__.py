"""Recipes: strict YAML to frozen records and back.

Modules, from ground to roof:

messages   What pydantic found wrong with a recipe, said in the four parts of :mod:`autoft.errors`
yaml       YAML as a recipe may use it: the plain data of YAML 1.2, nothing that surprises or executes
fields     Types of the values in the sections of a recipe
knowledge  The section `knowledge` of a recipe: what experts know, one hint a line (docs/knowledge.md)
sections   The sections of a recipe: frozen pydantic models that take the right types and nothing else
recipe     Recipes: what to train and how, as strict frozen models read from YAML (see recipes/ for examples)
"""
