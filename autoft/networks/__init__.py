"""Networks whose weights have a leading axis of members: one program trains all folds at once.

Modules, from ground to roof:

architecture  What fixes a network's shape, what it reads, and what its first weights are made from
memory        How much memory a row takes while a network answers it
noise         Random numbers for layers that need them while training: windows on one table, the same on every ba...
activations   Activations by name: Keras' own, and the mixed one of monotone networks
layers        Keras layers of stacked networks
families      The families of networks: for each how it is built, how it begins, and how it is trained
"""
