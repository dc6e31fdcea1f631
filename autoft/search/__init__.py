"""Search: space, proposer, loop, ledger and journal; it knows no Keras training.

Modules, from ground to roof:

budget            The budget of a search: trials, and a time by which everything has to be over, the report included
gaussian_process  A Gaussian process small enough to be fitted before every trial
interrupt         Signals: the first asks the search to end with what it has, the second ends the process
journal           The journal of a run: one checksummed JSON line per fact, appended and synced, never rewritten
portfolio         Settings that a search begins with, learned over many data sets
pruning           When to stop a trial that has become hopeless: the median rule
store             What a trial leaves behind, and its place on the disk
space             The search space: dropout and L2 are always in it; widths, depths and batches sit on a small la...
lattice           The space as a unit cube whose discrete dimensions are a lattice: what is scored is what would ...
ledger            What a search knows: trials and outcomes so far, what the journal remembers, and which is the best
acquisition       Where to look next: a Gaussian process over what was tried, and the point from which it expects...
oracles           Keras Tuner's oracles, changed where a search of small trials needs it
proposer          Keras Tuner's oracles behind ask and tell
loop              The search loop: ask, look up or train, journal, tell. It knows budgets, failures and signals, ...
"""
