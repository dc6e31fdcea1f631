"""Domain knowledge: hints compiled into constraints, features and decisions (docs/knowledge.md).

Modules, from ground to roof:

decisions     What a recipe says of decisions (costs, gains, a minimum), checked against the target and the table
describe      What a recipe knows, in words
orders        Orders of categories that their names give away
slices        Declared slices: groups of rows that a recipe asks to score
towers        Pairs of columns that no network lets meet: which columns may stand together (`no_interaction` of a...
trend         How clearly a curve goes one way: what the data say of an effect, with the folds' networks as witne...
variants      Hints that shape networks and their training, by name: each can be switched off for a single trial
bounds        Bounds on weights from hints: the networks that effects and separations allow
interactions  What is wrong with the pairs of columns that a recipe wants to act together or keeps apart
compile       From a recipe's `knowledge` to `Hints`: checked against the table, all problems together
proof         Proof from a network's weights that it obeys: interval arithmetic on slopes, from a column to the l...
bind          What a recipe knows of a table, or everything that is wrong with it
"""
