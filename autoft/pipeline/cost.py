"""Cost model: seconds and bytes of a search from shapes alone.

The model counts work (multiplications, activations, weights, rows, steps) and multiplies it by the rates of a
reference machine (`RATES`), scaled to the machine at hand (`Machine`). ``python -m benchmarks.cost`` compares it with
measurements and prints the ratios; the rates (`machine.py`) come from there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from autoft.evaluation.ensemble_gain import REACH
from autoft.evaluation.fold_model import FEW, MOST, REPEATS
from autoft.evaluation.fold_model import ROWS as IMPORTANCE_ROWS
from autoft.evaluation.selection import AFFORDABLE, FEWEST_DRAWS
from autoft.pipeline.machine import RATES, Machine
from autoft.preprocessing.combinations import MOST_ROWS as COMBINED_ROWS
from autoft.records.trials import SAMPLED_ROWS, checkpoint_epochs
from autoft.training.epoch import WORTH_XLA
from autoft.training.stack import CELLS as ENCODED_CELLS
from autoft.training.stack import CHUNK as ENCODED_ROWS
from autoft.training.stack import PREDICTED_ROWS

#: Iterations of the baseline, and leaves of its trees and of others that are not known.
_ITERATIONS, LEAVES = 100, 31
#: Trees that are grown for one that a trial watches: what comes after the best epoch is seen in large steps.
_OVERSHOOT = 1.2
#: Factor on the modelled seconds of what follows the search: machines are shared.
MARGIN = 1.25
#: Epochs of a typical trial: early stopping ends most trials about here, whatever the limit.
TYPICAL_EPOCHS = 25
#: Memory of the libraries once a few programs are compiled, above that of importing them.
PROGRAM_BYTES = 140e6

#: Draws that are made first; more, where a recipe asks for more, as far as there is time.
FIRST_DRAWS = 500
#: Draws that are made first of a table so large that those would take too many of the minutes.
LEAST_DRAWS = 100
#: Most rows for which each fold is left out by four models to measure the gain of the ensemble: beyond, twice as many
#: members as a trial has are too large, and it is left out by two (`pair_reach`).
MOST_ROWS_PAIRED = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CostShape:
    """What fixes the cost of an epoch.

    Attributes:
        rows: Training rows of a member (of the largest).
        held_out: Rows that a member has not seen.
        width, depth: Units of a hidden layer, and number of those.
        batch: Rows of a member per step.
        embedding: Numbers per embedded category.
        categories: Entries of all embedding tables together.
        vectors: Inputs that the numbers become besides (bins, waves).
        ensemble: Networks inside each member that share their kernels.
        effort: Time that an activation takes, as a multiple of a perceptron's.
        plain: Whether XLA may be worth it.
        least: Fewest epochs of a trial, unless its limit is lower.
        iterations: Of boosted trees in an epoch; 0 for networks.
        leaves: Of each tree.
    """

    rows: int
    held_out: int
    members: int
    inputs: int
    width: int
    depth: int
    batch: int
    outputs: int = 1
    embedded: int = 0
    embedding: int = 0
    categories: int = 0
    vectors: int = 0
    ensemble: int = 1
    effort: float = 1.0
    plain: bool = True
    least: int = 0
    iterations: int = 0
    leaves: int = LEAVES

    @property
    def fan_in(self) -> int:
        """Inputs of the first layer."""
        return self.inputs + self.vectors + self.embedded * self.embedding

    @property
    def kernels(self) -> int:
        """Weights that take part in matrix products, of one member."""
        if not self.depth:
            return self.fan_in * self.outputs
        return self.width * (self.fan_in + (self.depth - 1) * self.width + self.outputs)

    @property
    def parameters(self) -> int:
        """All weights of one member: those of the layers, their biases, and the embedding tables."""
        return self.kernels + self.depth * self.width + self.outputs + self.categories * self.embedding

    @property
    def units(self) -> int:
        """Activations of one row: inputs that are made from others, hidden units and logits."""
        made = self.embedded * self.embedding + self.vectors
        return made + self.ensemble * (self.depth * self.width + self.outputs)

    @property
    def steps(self) -> int:
        return -(-self.rows // self.batch)


def worth_compiling(shape: CostShape) -> bool:
    """Whether an epoch is long enough for a program of these very sizes; others share one for any sizes."""
    return shape.plain and 6.0 * shape.kernels * shape.steps * shape.batch * shape.members >= WORTH_XLA


def epoch_seconds(shape: CostShape, machine: Machine) -> float:
    """Seconds of one epoch: training, and the look at the curves (held-out rows and a sample of the training rows).

    A weight costs 6 operations per row in training (2 in the layer, 2 for its own gradient, 2 for that of its
    inputs) and 2 in prediction; dense inputs need no gradient. The last batch is padded, so it counts in full.
    """
    if shape.iterations:
        grown = _OVERSHOOT * _tree_seconds(shape.rows, shape.inputs + shape.embedded, shape.leaves)
        watched = _predicted(shape) * RATES.tree_row
        return machine.alone(shape.members * shape.outputs * shape.iterations * (grown + watched))
    trained, predicted = shape.members * shape.steps * shape.batch, shape.members * _predicted(shape)
    products = trained * (6 * shape.kernels - 2 * shape.inputs * shape.width) + predicted * 2 * shape.kernels
    products *= shape.ensemble
    wide = (trained * RATES.unit + predicted * RATES.predict_unit) * shape.units * shape.effort
    wide += shape.steps * shape.members * shape.parameters * RATES.weight
    wide += (trained + predicted) * (shape.inputs + shape.embedded) * RATES.cell
    alone = shape.steps * (RATES.step + (shape.depth + shape.embedded) * RATES.step_layer) + RATES.epoch
    alone += (trained + predicted * shape.outputs) * RATES.row
    return machine.matmul(products) + machine.wide(wide) + machine.alone(alone)


def _predicted(shape: CostShape) -> int:
    """Rows of a member that are predicted after an epoch; above `PREDICTED_ROWS` in pieces of that size."""
    rows = shape.held_out + min(shape.held_out, SAMPLED_ROWS)
    return rows if rows <= PREDICTED_ROWS else -(-rows // PREDICTED_ROWS) * PREDICTED_ROWS


def trial_seconds(shape: CostShape, machine: Machine, *, epochs: int, new_program: bool = False) -> float:
    """Seconds of training one trial: initial weights, its epochs and, for a `new_program`, tracing it."""
    start = machine.alone(RATES.trial + shape.members * shape.parameters * RATES.start_weight)
    first = trace_seconds(shape, machine) if new_program else 0.0
    return start + first + max(epochs, shape.least) * epoch_seconds(shape, machine)


def trace_seconds(shape: CostShape, machine: Machine) -> float:
    """Seconds until a new program trains: its network is built, it is traced and, if it is large, compiled."""
    if shape.iterations:
        return 0.0
    layers = shape.depth + shape.embedded
    seconds = RATES.trace + layers * RATES.trace_layer
    if worth_compiling(shape):
        seconds += RATES.xla + layers * RATES.xla_layer
    return machine.alone(seconds)


def memory_bytes(shape: CostShape, *, total_rows: int, trials: int, epochs: int) -> int:
    """Peak bytes of a search, above those of the imports.

    Args:
        trials: Trials whose predictions are kept.
        epochs: Most epochs of a trial; each checkpoint among them keeps its predictions.
    """
    members, numbers = shape.members, shape.inputs + shape.embedded
    source = total_rows * numbers * 16
    encoded = members * total_rows * numbers * 4
    weights = members * shape.parameters * 16
    order = members * shape.steps * shape.batch * 16
    step = members * shape.batch * (shape.ensemble * shape.fan_in + 3 * shape.units) * 4
    chunk = members * min(_predicted(shape), PREDICTED_ROWS) * shape.ensemble * (shape.fan_in + 2 * shape.width) * 4
    values = (2 if shape.outputs == 1 else shape.outputs) * 4
    kept = trials * len(checkpoint_epochs(epochs)) * total_rows * values
    piece = min(members * min(total_rows, ENCODED_ROWS) * shape.inputs, ENCODED_CELLS) * 8
    # While they are encoded the rows are in memory twice, and a piece of them in float64 before and after scaling.
    return int(PROGRAM_BYTES + source + kept + encoded + max(encoded + 2 * piece, weights + order + max(step, chunk)))


def measures_ensemble_gain(strategy: str, folds: int) -> bool:
    """Whether a run measures what its ensemble gains over single networks, where there is time."""
    return strategy == "corrected" and folds > 2


def pair_reach(rows: int) -> int:
    """Largest distance of two folds that are left out together for that (`evaluation.ensemble_gain`)."""
    return REACH if rows <= MOST_ROWS_PAIRED else 1


def reading_seconds(rows: int, columns: int, machine: Machine, *, tfdv: bool) -> float:
    """Seconds of reading, understanding and checking a table, by TensorFlow Data Validation too with `tfdv`."""
    cell, fixed = RATES.read_cell + RATES.check_cell, RATES.check + columns * RATES.check_column
    if tfdv:
        cell, fixed = cell + RATES.tfdv_cell, fixed + RATES.tfdv
    return machine.alone(fixed + rows * columns * cell)


def encoding_seconds(rows: int, inputs: int, members: int, machine: Machine, *, combined: bool = False) -> float:
    """Seconds of fitting the preprocessing of all members and encoding all rows with it; `combined`: each chooses
    combinations of numbers."""
    choice = members * min(rows, COMBINED_ROWS) * RATES.combine_row if combined else 0.0
    return machine.alone(RATES.encode + rows * inputs * members * RATES.encode_cell + choice)


def boosting_seconds(rows: int, columns: int, folds: int, outputs: int, machine: Machine) -> float:
    """Seconds of boosting on the same folds, each with `rows` training rows; it fits a tree for each of `outputs`."""
    return machine.alone(folds * outputs * _ITERATIONS * _tree_seconds(rows, columns, LEAVES))


def _tree_seconds(rows: int, columns: int, leaves: int) -> float:
    """Seconds of growing a tree on the reference machine: histograms of all rows on each level, splits of each leaf."""
    cells = rows * columns * math.log2(leaves) * RATES.tree_cell
    return cells + leaves * (RATES.tree_leaf + columns * RATES.tree_leaf_column)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSize:
    """What fixes the cost of an evaluation.

    Attributes:
        candidates: Checkpoints of all trials.
        columns: Columns whose importance is measured; curves count as parts of one.
        folds: Members of the deployed model, which answer for every column.
        area: Whether the objective is an area under a curve, for which rows are added up in order.
        calibrated: Whether probabilities are, on each draw again.
        shuffles: Of each of few columns; one of each of many.
    """

    rows: int
    trials: int
    candidates: int
    draws: int
    columns: int = 0
    folds: int = 1
    outputs: int = 1
    area: bool = False
    calibrated: bool = False
    shuffles: int = REPEATS

    @property
    def repeats(self) -> int:
        """Shuffles of each column."""
        return self.shuffles if self.columns <= FEW else 1


def evaluation_seconds(size: EvaluationSize, machine: Machine) -> float:
    """Seconds of the honest score: the choice again on every bootstrap draw, all metrics, baselines, importance."""
    rows = size.rows
    made = min(size.draws, max(FEWEST_DRAWS, AFFORDABLE // max(1, rows * size.trials)))
    objective = size.outputs * (RATES.area_row if size.area else RATES.draw_row)
    chosen = made * rows * (size.candidates * RATES.loss_draw + size.trials * objective)
    scored = made * rows * (size.outputs * RATES.metric_row + 4 * objective)  # the model, the default, three baselines
    scored += (1 + size.outputs) * made * rows * RATES.finish_draw if size.calibrated else 0.0
    sampled = min(rows, IMPORTANCE_ROWS) * size.folds * size.repeats / REPEATS  # the rates are those of all repeats
    asked = size.columns * (RATES.importance + sampled * RATES.importance_row)
    return machine.alone(RATES.evaluation + chosen + scored + asked + rows * size.folds * RATES.answer_row)


def answer_seconds(shape: CostShape, size: EvaluationSize, machine: Machine) -> float:
    """Seconds that the networks of one trial of the deployed model take in the evaluation.

    Every member answers all rows, and for each column its own rows of a sample, once a shuffle.
    """
    sampled = size.repeats * size.columns * min(size.rows, IMPORTANCE_ROWS)
    asked = size.rows * size.folds + sampled
    if shape.iterations:
        return machine.alone(asked * shape.iterations * TYPICAL_EPOCHS * shape.outputs * RATES.tree_row)
    products = machine.matmul(2.0 * asked * shape.kernels * shape.ensemble)
    return products + machine.wide(asked * shape.units * shape.effort * RATES.predict_unit)


def finish_seconds(rows: int, columns: int, machine: Machine) -> float:
    """Seconds of saving the model and writing the report."""
    shown = min(columns, MOST)
    return machine.alone(RATES.finish + shown * RATES.finish_column + columns**2 * RATES.finish_square)


def least_seconds(rows: int, columns: int, machine: Machine) -> float:
    """Seconds of a run on a table that trains hardly anything: of all that is before and after a search."""
    fixed = machine.alone(RATES.import_ + RATES.baselines)
    return fixed + reading_seconds(rows, columns, machine, tfdv=False) + finish_seconds(rows, columns, machine)


def search_seconds(trials: int, default: float, mean: float, *, programs: int, trace: float, machine: Machine) -> float:
    """Seconds of a search: the default configuration first, then trials all over the space.

    New programs are traced as they come up: drawn at random, t of N give N (1 - (1 - 1/N)^t) different ones.
    """
    if not trials:
        return 0.0
    different = programs * (1.0 - (1.0 - 1.0 / max(programs, 1)) ** trials)
    return default + (trials - 1) * mean + different * trace + trials * machine.alone(RATES.proposal)
