"""A user's own Keras model in a run.

Modules, from ground to roof:

code_hash  Fingerprint of a Python function: of its code, and of what it refers to
own_space  A user's own Keras model in a run: its search space, and the recipes that it does not go with
"""
