"""Networks whose weights have a leading axis of members: one program trains all folds at once.

Modules, from ground to roof:

architecture    Architecture: sizes of a network, and the encoded columns that it reads
backbones       Backbones: pretrained Keras models that turn a text or a picture into numbers
memory          Memory that a row takes while a network predicts it
noise           Random numbers for layers that need them while training: windows on one table, the same on every ...
activations     Activations by name: Keras' own, and the mixed one of monotone networks
initial_state   Initial state: what first weights are made from, of each member its own training rows
layers          Keras layers of stacked networks
weight_bounds   Weight bounds: limits that hints set to the weights of a network, and first weights within them
family          Family: what the search, the training and the hints need to know of a kind of network
network_inputs  Network inputs: dense columns, vectors of categories and the piecewise-linear encoding of numbers
families        Families of networks: one file each, with all that the search, the training and the hints know of it
"""
