"""Search near the best: every proposal is a neighbour of the best configuration so far."""

from autoft.search.algorithms import ALGORITHMS, ProposingAlgorithm

#: Neighbours that are drawn before the search ends because all of them were tried.
TRIES = 50


@ALGORITHMS.register
class NearBest(ProposingAlgorithm):
    """A random neighbour of the best configuration; any configuration until one has a score."""

    name = "near_best"

    def propose(self, history):
        lattice, sign = history.lattice, 1 if history.setup.maximize else -1
        scored = [(sign * score, params) for params, score in history.tried if score is not None]
        for _ in range(TRIES):
            if scored:
                best = lattice.encode([max(scored, key=lambda own: own[0])[1]])
                point = lattice.near(history.rng, best, 0.3, history.shapes)[0]
            else:
                point = lattice.draw(history.rng, 1, history.shapes)[0]
            params = lattice.decode(point)
            if history.is_new(params):
                return params
        return None
