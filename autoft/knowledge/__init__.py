"""Domain knowledge: hints compiled into constraints, features and decisions (docs/knowledge.md).

Modules, from ground to roof:

decisions     Decision goals of a recipe (costs, gains, a minimum), checked against the target and the table
describe      Sentences on what a recipe knows
orders        Orders of categories that their names show
slices        Declared slices: groups of rows that a recipe asks to score
towers        Towers: sets of columns that may interact (`no_interaction` of a recipe)
trend         Trend of a curve: direction and clearness of an effect, from the curves of the folds' networks
variants      Hints that shape networks and their training, by name: each can be switched off for a single trial
bounds        Bounds on weights from hints: the networks that effects and separations allow
interactions  Checks of the pairs of columns that a recipe lets interact or keeps apart
compile       Compilation of a recipe's `knowledge` into `Hints`, checked against the table, all problems together
proof         Proof of effects from a network's weights: interval arithmetic on slopes, from a column to the logits
bind          Binding of a recipe's knowledge to a table
"""
