"""Search: space, proposer, loop, ledger and journal; it knows no Keras training.

Modules, from ground to roof:

budget            Budget of a search: trials, and a deadline that includes the report
gaussian_process  A Gaussian process small enough to be fitted before every trial
interrupt         Interrupts: the first signal ends the search with what it has, the second ends the process
journal           The journal of a run: one checksummed JSON line per fact, appended and synced, never rewritten
portfolio         Settings that a search begins with, learned over many data sets
pruning           Pruning: the median rule
store             Store of trial results: their arrays on the disk
space             The search space: dropout and L2 are always in it; widths, depths and batches sit on a small la...
weights           Weights of chosen trials: trained again where their files are lost or damaged
lattice           Lattice: the space as a unit cube whose discrete dimensions have steps
ledger            Ledger of a search: its trials and their results, what the journal remembers, and which trial i...
recorded_space    The space of a function of Keras Tuner's `HyperParameters`: recorded while the function runs
acquisition       Acquisition: the point with the highest expected improvement under a Gaussian process over the ...
setup             Setup of a search, its proposals, and what an oracle does
algorithms        Search algorithms: who proposes the next trial
loop              Search loop: ask, look up or train, journal, tell. It knows budgets, failures and signals, but ...
oracles           Keras Tuner's oracles, changed where a search of small trials needs it
keras_tuner       Algorithms of Keras Tuner, without importing it
proposer          Proposer: an algorithm behind ask and tell, which keeps the number of compiled programs low
"""
