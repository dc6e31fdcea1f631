"""Search: the space, proposals from Keras Tuner's oracles by ask and tell, and the loop that spends the budget."""
