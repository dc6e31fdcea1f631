"""Search: space, proposer, loop, ledger and journal; it knows no Keras training."""
