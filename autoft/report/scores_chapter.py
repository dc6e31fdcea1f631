"""Chapter 4 of the report: metrics, classes, curves and baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from autoft.records.evaluation import Evaluation
from autoft.records.scores import Interval
from autoft.report.blocks import (
    Block,
    Chapter,
    Cloud,
    Intervals,
    Lines,
    Paragraph,
    Picture,
    Pictures,
    Series,
    TableBlock,
)
from autoft.report.wording import (
    NONE,
    baseline_label,
    cells,
    clip,
    decimals,
    decimals_of,
    metric,
    number,
    signed,
    span,
    split_gap_words,
)

#: More points do not change a picture of this size.
MOST_POINTS = 300
MOST_LINES = 6
MOST_CLASSES = 12
MOST_ROWS = 60


def summary_table(evaluation: Evaluation) -> TableBlock:
    """All held-out metrics with their intervals, the objective first."""
    rows = []
    for name in _shown(evaluation):
        words = metric(name)
        rows.append((words.label, *_score(evaluation, name), words.meaning))
    caption = "Scores on held-out rows; the first is what the search optimised"
    if evaluation.task == "multiclass":
        caption += ". What is said of positive rows is measured for each class against the others, and averaged"
    head = ("Metric", "Score", "95 % interval", "What it says")
    return TableBlock(caption, head, tuple(rows), "lrrw", marked=frozenset({0}))


def _score(evaluation: Evaluation, name: str) -> tuple[str, str]:
    """A score and its interval, or why there is none, as cells."""
    return cells(evaluation.held_out[name], why=evaluation.undefined.get(name, "too few rows"))


def _shown(evaluation: Evaluation) -> list[str]:
    from autoft.evaluation.metrics import distinct  # needs numpy, which the import of the report does without

    return distinct(evaluation.held_out, evaluation.task, evaluation.objective)


def metrics(evaluation: Evaluation) -> Chapter:
    """Chapter 4."""
    blocks: list[Block] = [*_finish(evaluation), _corrected_and_naive(evaluation)]
    if evaluation.per_class:
        blocks.append(_per_class(evaluation))
    if evaluation.confusion:
        blocks += _confusion(evaluation)
    pictures: tuple[Picture, ...] = (*_curves(evaluation), *_residuals(evaluation))
    if pictures:
        caption = "Predictions of the best configuration for held-out rows; the thin line is "
        caption += "perfection." if evaluation.task == "regression" else "what guessing gives."
        blocks.append(Pictures(caption, pictures))
    if evaluation.baselines:
        blocks += _baselines(evaluation)
    if evaluation.split_gap is not None:
        blocks.append(Paragraph(split_gap_words(evaluation)))
    blurb = "The mistake: one number looks good, and the model fails where it matters."
    return Chapter(anchor="metrics", heading="4 Metrics", blurb=blurb, blocks=tuple(blocks))


def _finish(evaluation: Evaluation) -> tuple[Block, ...]:
    """What is done to the answers before they are scored: calibration, and the threshold of a label."""
    if evaluation.task == "regression":
        return ()
    calibration, threshold = evaluation.finish.calibration, evaluation.finish.threshold
    sure = "less" if calibration.temperature > 1 else "more"
    words = {
        "none": "The probabilities are not calibrated: calibration is switched off or brought no measurable gain.",
        "temperature": f"The probabilities are calibrated with a temperature of {number(calibration.temperature, 3)}: "
        f"they are {sure} sure than the models' own.",
        "isotonic": "The probabilities are calibrated by isotonic regression, a rising step function.",
    }
    text = words[calibration.method]
    if evaluation.task == "binary":
        name = clip(evaluation.target.positive)
        text += f" A row counts as “{name}” from a probability of {number(threshold, 3)} on."
        if threshold != 0.5:
            text += " Label metrics and the confusion matrix are those at this threshold."
    if evaluation.finish.matrix:
        text += " Each row gets the answer with the lowest expected cost."
    return (Paragraph(text),)


def _corrected_and_naive(evaluation: Evaluation) -> TableBlock:
    rows = []
    for name in _shown(evaluation):
        naive, words, score = evaluation.naive.get(name), metric(name), evaluation.held_out[name]
        digits = decimals_of([score])
        difference = NONE if naive is None else signed(naive - score.value, digits)
        rows.append((words.label, words.better, *_score(evaluation, name), number(naive, digits), difference))
    caption = "Scores of the model, and naive scores: those of single models on the rows that the choice was made on"
    head = ("Metric", "Better is", "Score", "95 % interval", "Naive", "Naive − score")
    return TableBlock(caption, head, tuple(rows), "llrrrr", marked=frozenset({0}))


def _per_class(evaluation: Evaluation) -> TableBlock:
    columns = list(dict.fromkeys(key for values in evaluation.per_class.values() for key in values if key != "rows"))
    ordered = sorted(evaluation.per_class.items(), key=lambda item: -item[1].get("rows", 0))

    def row(label: str, values: Mapping[str, float]) -> tuple[str, ...]:
        rows = f"{int(values['rows']):,}" if "rows" in values else NONE
        return (clip(label), rows, *(number(values.get(key), 3) for key in columns))

    more = f" (the {MOST_ROWS} largest of {len(ordered):,})" if len(ordered) > MOST_ROWS else ""
    head = ("Class", "Rows", *(metric(key).label for key in columns))
    rows = tuple(row(label, values) for label, values in ordered[:MOST_ROWS])
    return TableBlock(f"Each class on its own{more}", head, rows, "l" + "r" * (len(head) - 1))


def _confusion(evaluation: Evaluation) -> tuple[Block, ...]:
    counts, labels = evaluation.confusion, [clip(label, 40) for label in evaluation.target.classes]
    if len(counts) > MOST_CLASSES:
        return (_confused_pairs(counts, labels),)
    table = TableBlock(
        caption="Confusion matrix: rows are the true classes, columns the predicted ones; shaded by share of the row",
        head=("True \\ predicted", *labels),
        rows=tuple((label, *(f"{n:,}" for n in line)) for label, line in zip(labels, counts, strict=False)),
        align="l" + "r" * len(labels),
        shades=tuple((0, *(round(9 * n / (sum(line) or 1)) for n in line)) for line in counts),
    )
    return (_binary_words(evaluation), table) if evaluation.task == "binary" else (table,)


def _binary_words(evaluation: Evaluation) -> Paragraph:
    positive = evaluation.target.positive_index
    line, other = evaluation.confusion[positive], evaluation.confusion[1 - positive]
    name = clip(evaluation.target.positive)
    text = f"Of {sum(line):,} rows that are “{name}”, {line[positive]:,} are found and {line[1 - positive]:,} missed; "
    return Paragraph(text + f"of {sum(other):,} rows that are not, {other[positive]:,} are false alarms.")


def _confused_pairs(counts: Sequence[Sequence[int]], labels: Sequence[str]) -> TableBlock:
    pairs = [(n, i, j, n / sum(line)) for i, line in enumerate(counts) for j, n in enumerate(line) if i != j and n > 0]
    pairs.sort(key=lambda pair: -pair[0])
    caption, head = "The commonest mix-ups (too many classes for a matrix)", ("True", "Predicted", "Rows")
    rows = tuple((labels[i], labels[j], f"{n:,}", f"{share:.0%}") for n, i, j, share in pairs[:20])
    return TableBlock(caption, (*head, "Share of the true class"), rows, "llrr")


def _thinned(name: str, x: Sequence[float], y: Sequence[float], most: int) -> Series:
    """At most `most` of the points, in order, the last one included."""
    step = max(1, -(-len(x) // most))
    keep = [*range(0, len(x) - 1, step), len(x) - 1] if x else []
    return Series(name=name, x=tuple(float(x[i]) for i in keep), y=tuple(float(y[i]) for i in keep))


def _curves(evaluation: Evaluation) -> tuple[Lines, ...]:
    kinds = {
        "roc": ("ROC curve", "False alarms among the negatives", "Positives found (recall)"),
        "pr": ("Precision and recall", "Recall", "Precision"),
    }
    pictures = []
    for key, (title, x_label, y_label) in kinds.items():
        by_label = evaluation.curves.get(key, {})
        chosen = sorted(by_label, key=lambda label: -evaluation.per_class.get(label, {}).get("rows", 0))[:MOST_LINES]
        if not chosen:
            continue
        series = tuple(_thinned(clip(label, 24), **by_label[label], most=MOST_POINTS) for label in chosen)
        more = f", the {MOST_LINES} largest classes" if len(by_label) > MOST_LINES else ""
        names = ", ".join(line.name for line in series)
        picture = Lines(
            title=title + more,
            alt=f"{title}: {y_label.lower()} against {x_label.lower()} for {names}.",
            series=series,
            x_label=x_label,
            y_label=y_label,
            chance=_chance(key, chosen, evaluation),
            legend="lower right" if key == "roc" else "lower left",
        )
        pictures.append(picture)
    return tuple(pictures)


def _chance(key: str, labels: Sequence[str], evaluation: Evaluation) -> tuple[float, float] | None:
    """Where guessing lies, as heights at the left and the right end; for precision it differs from class to class."""
    if key == "roc":
        return (0.0, 1.0)
    rows = evaluation.per_class.get(labels[0], {}).get("rows")
    return None if rows is None or len(labels) > 1 else (rows / evaluation.rows, rows / evaluation.rows)


def _residuals(evaluation: Evaluation) -> tuple[Cloud, ...]:
    points = evaluation.curves.get("residuals", {}).get("all")
    if not points or not points["x"]:
        return ()
    shown = _thinned("rows", points["x"], points["y"], 2000)
    misses = Series(name="rows", x=shown.x, y=tuple(true - guess for guess, true in zip(shown.x, shown.y, strict=True)))
    target = clip(evaluation.target.name, 30)

    def cloud(title: str, points: Series, y_label: str, reference: Literal["diagonal", "zero"]) -> Cloud:
        alt = f"{title} for {len(shown.x):,} held-out rows of {target}; {reference}: a perfect prediction."
        x_label = f"Predicted {target}"
        return Cloud(title=title, alt=alt, points=points, x_label=x_label, y_label=y_label, reference=reference)

    return (
        cloud("True against predicted", shown, f"True {target}", "diagonal"),
        cloud("Misses by prediction", misses, "True minus predicted", "zero"),
    )


def _baselines(evaluation: Evaluation) -> tuple[Block, ...]:
    words, objective = metric(evaluation.objective), evaluation.objective
    own = f"this model ({clip(evaluation.architectures)})"
    scored: list[tuple[str, Interval]] = [(own, evaluation.held_out[objective])]
    for line in evaluation.baselines:
        if objective in line.metrics:
            scored.append((baseline_label(line.name, evaluation.task), line.metrics[objective]))
    digits = decimals_of(score for _, score in scored)
    rows = [(own, *cells(evaluation.held_out[objective], digits), NONE, NONE, NONE)]
    for line in evaluation.baselines:
        fine = gain_decimals(line.difference, evaluation)
        gain = (signed(line.difference.value, fine), span(line.difference, fine), line.verdict)
        name, score = baseline_label(line.name, evaluation.task), line.metrics.get(objective)
        rows.append((name, *cells(score, digits), *gain))
    caption = f"Simple models on the same folds, by {words.label}; a gain above zero: this model is better"
    head = ("Model", words.label, "95 % interval", "Gain of this model", "95 % interval", "Verdict")
    table = TableBlock(caption, head, tuple(rows), "lrrrrl", marked=frozenset({0}))
    picture = Intervals(
        scored=scored,
        title=f"{words.label} with 95 % intervals",
        alt="; ".join(f"{name}: {number(score.value, digits)}, {span(score, digits)}" for name, score in scored) + ".",
        x_label=f"{words.label} ({words.better} is better)",
    )
    caption = "Two intervals may overlap although one model is better: the gain in the table is measured row by row."
    return (table, Pictures(caption, (picture,)))


def gain_decimals(gain: Interval, evaluation: Evaluation) -> int:
    """Decimals for a difference of scores: at most one more than the scores themselves have."""
    return min(decimals_of([gain]), decimals(evaluation.held_out[evaluation.objective].value) + 1)
