"""Chapters 2 and 5 of the report: findings and columns, and domain knowledge."""

from __future__ import annotations

from collections.abc import Sequence

from autoft.formatting import counted
from autoft.records.evaluation import Evaluation
from autoft.records.evidence import Cell, Evidence
from autoft.records.findings import Finding, Severity
from autoft.report import curves, decision_costs, hints_chapter
from autoft.report.blocks import (
    Beside,
    Block,
    Bullets,
    Chapter,
    EvidenceBlock,
    Fold,
    Intervals,
    Paragraph,
    Pictures,
    TableBlock,
)
from autoft.report.inputs import ReportInputs
from autoft.report.slices_chapter import slice_blocks
from autoft.report.wording import NONE, clip, decimals_of, first_of, lines, listing, metric, number, signed, span

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
#: Longer tables make the page heavy; the run folder's files have everything.
MOST_FINDINGS = 150
MOST_COLUMNS = 250
MOST_BARS = 20


def preprocessing(inputs: ReportInputs) -> Chapter:
    """Chapter 2: findings, the fate of each column, the schema."""
    engine = "No schema was in use, only autoft's own checks ran."
    if inputs.engine:
        engine = f"The table was held to its schema by {clip(inputs.engine)}."
    blocks: list[Block] = [Paragraph(f"{engine} {_tally(inputs.findings)}")]
    if inputs.findings:
        ranked = sorted(inputs.findings, key=lambda line: SEVERITIES.index(line.severity))[:MOST_FINDINGS]
        ranked.sort(key=lambda line: not line.about_data)
        blocks += [*_findings(ranked, len(inputs.findings)), *proofs(ranked)]
    if inputs.plan or inputs.columns:
        text = "Whatever preprocessing learns (medians, ranges, categories) is learned from the training rows of each "
        text += "fold alone and is part of the saved model, which takes the raw columns. With “numbers: piecewise” "
        text += "(chapter 3) each number then becomes one input for each bin between quantiles (docs/networks.md)."
        blocks += [_columns(inputs), Paragraph(text, tone="quiet")]
    if inputs.schema_text:
        blocks.append(Fold("The schema that later tables are checked against", lines(inputs.schema_text)))
    heading, blurb = "2 Preprocessing", "The mistake: broken, leaking or badly scaled columns reach the model."
    return Chapter(anchor="preprocessing", heading=heading, blurb=blurb, blocks=tuple(blocks))


def _tally(findings: tuple[Finding, ...]) -> str:
    counts = {severity: sum(line.severity == severity for line in findings) for severity in SEVERITIES}
    known = [counted(n, "note" if severity == "info" else severity) for severity, n in counts.items() if n]
    return f"Findings: {listing(known)}." if known else "Nothing was found that a person should know."


def _findings(shown: Sequence[Finding], total: int) -> list[TableBlock]:
    """Tables of findings about the data, which come first in `shown`, and about the run; numbered on from 1."""
    rows, data = [], sum(line.about_data for line in shown)
    for i, line in enumerate(shown, start=1):
        severity = "note" if line.severity == "info" else line.severity
        rows.append((str(i), severity, clip(line.about), clip(line.found, 400), clip(line.fix, 300)))
    head = ("", "Severity", "About", "Found", "What was or can be done")
    marked = frozenset(i for i, line in enumerate(shown) if line.severity == "error")
    caption = f"What was found in the data{first_of(MOST_FINDINGS, total)}"
    tables = (
        TableBlock(caption, head, tuple(rows[:data]), "rllww", marked=marked),
        TableBlock("What was found in the run", head, tuple(rows[data:]), "rllww"),
    )
    return [table for table in tables if table.rows]


def _columns(inputs: ReportInputs) -> TableBlock:
    known = {column.name: column for column in inputs.columns}
    planned = {line.column: line for line in inputs.plan}
    target = inputs.evaluation.target.name
    names = [name for name in dict.fromkeys([*planned, *known]) if name != target]
    rows = []
    for name in names[:MOST_COLUMNS]:
        column, line = known.get(name), planned.get(name)
        kind = line.kind if line else column.kind if column else NONE
        known_of = (clip(column.why, 160), f"{column.missing:,}") if column else (NONE, NONE)
        planned_for = (clip(line.text, 300), f"{line.inputs:,}") if line else ("not used", "0")
        rows.append((clip(name), kind, *known_of, *planned_for))
    more = first_of(MOST_COLUMNS, len(names))
    total = sum(line.inputs for line in inputs.plan)
    caption = f"What happens to each column{more}: {counted(len(names), 'column')} become {counted(total, 'input')}"
    head = ("Column", "Kind", "Because", "Missing", "What happens to it", "Inputs")
    return TableBlock(caption, head, tuple(rows), "llwrwr")


def knowledge(inputs: ReportInputs) -> Chapter:
    """Chapter 5: hints and notes of the recipe, what the model relies on, questions to an expert."""
    evaluation = inputs.evaluation
    blocks: list[Block] = list(hints_chapter.blocks(evaluation))
    if inputs.notes:
        blocks.append(Paragraph("What the recipe says about this data:"))
        blocks.append(Bullets(tuple(clip(note, 300) for note in inputs.notes)))
    else:
        blocks.append(Paragraph("The recipe says nothing about this data: all of the above comes from the table."))
    blocks += decision_costs.decisions(evaluation)
    if evaluation.importance:
        blocks.append(_importance(evaluation))
    blocks += curves.blocks(inputs)
    blocks += slice_blocks(evaluation)
    blocks.append(Paragraph("Questions that no program can answer; ask someone who knows the field:"))
    blocks.append(Bullets(_questions(inputs), boxes=True))
    blurb = "The mistake: nobody asks where the table comes from and what wrong answers cost."
    return Chapter(anchor="knowledge", heading="5 Domain knowledge", blurb=blurb, blocks=tuple(blocks))


def _importance(evaluation: Evaluation) -> Beside:
    words = metric(evaluation.objective)
    change = f"{'Drop' if words.more_is_better else 'Rise'} of {words.inner}"
    ranked = sorted(evaluation.importance, key=lambda line: -line.drop.value)
    digits = min(decimals_of(line.drop for line in ranked), 6)
    bars = ranked[:MOST_BARS]
    losses = [f"{clip(line.column, 40)} {signed(line.drop.value, digits)}" for line in bars]
    picture = Intervals(
        scored=[(clip(line.column, 32), line.drop) for line in bars],
        title="Importance of columns" + (f", the first {MOST_BARS}" if len(ranked) > MOST_BARS else ""),
        alt=f"Importance: {'; '.join(losses)}.",
        x_label=f"{change} when shuffled",
        marked=len(bars),
        zero=True,
    )
    caption = f"{change} on held-out rows when one column is shuffled"
    rows = []
    for i, line in enumerate(ranked[:MOST_COLUMNS], start=1):
        rows.append((str(i), clip(line.column), signed(line.drop.value, digits), span(line.drop, digits)))
    caption += first_of(MOST_COLUMNS, len(ranked))
    table = TableBlock(caption, ("", "Column", change, "Range of the repeats"), tuple(rows), "rlrr")
    caption = "What the model relies on, which is not what causes the outcome. Columns that say the same thing share "
    caption += "their importance, so that each may look unimportant."
    return Beside((Pictures(caption, (picture,)), table))


def _questions(inputs: ReportInputs) -> tuple[str, ...]:
    evaluation = inputs.evaluation
    ranked = sorted(evaluation.importance, key=lambda line: -line.drop.value)
    top = [f"“{clip(line.column)}”" for line in ranked[:3] if line.drop.low > 0]
    target = clip(evaluation.target.name)
    before = f"Is every column known before the outcome is{f', above all {listing(top)}' if top else ''}? "
    return (
        f"{before}A column that is filled in afterwards makes every number in this report worthless.",
        "Does any column mix units, currencies, devices or definitions (or change them over time)?",
        f"Are the recorded values of “{target}” right, and is it what you really want to know?",
        _cost_question(evaluation),
        "Will tomorrow's rows come from the same places, people and season as these?",
        "Do rows belong together (several of one customer, patient or machine)? Then name the group in the recipe.",
        "Do missing values mean something (not asked, not applicable, broken sensor)?",
        "May every column be used for this decision, by law and in fairness to the people in the table?",
    )


def _cost_question(evaluation: Evaluation) -> str:
    if evaluation.spending is not None:
        return "Are the costs that were given still right, and do they count everything that an answer causes?"
    if evaluation.task == "binary":
        positive = clip(evaluation.target.positive)
        return f"What costs more: a missed “{positive}” or a false alarm, and how many times more?"
    if evaluation.task == "multiclass":
        return "Which mix-ups of classes cost most, and which do not matter?"
    end = "and a large miss more than its size?"
    return f"Does a prediction that is too high cost the same as one that is too low, {end}"


#: A picture weighs some 15 kB, and nobody looks at a hundred.
MOST_PICTURES, MOST_TABLES, MOST_ROWS = 24, 6, 20


def proofs(ranked: Sequence[Finding]) -> tuple[Block, ...]:
    """Pictures, then tables of examples, each with the number of its finding in the table of findings (from 1)."""
    known = [(i, line, line.evidence) for i, line in enumerate(ranked, start=1) if line.evidence is not None]
    pictures = tuple(_picture(i, line, proof) for i, line, proof in known if proof.sketch is not None)
    blocks: list[Block] = []
    if pictures:
        more = first_of(MOST_PICTURES, len(pictures))
        caption = f"Charts of findings, with their numbers{more}. Blue: the rows or values that the finding is about."
        blocks.append(Pictures(caption, pictures[:MOST_PICTURES]))
    tables = [_table(i, line, proof) for i, line, proof in known if proof.examples]
    blocks += tables[:MOST_TABLES]
    rows = {f"{i}. {line.code}": proof.rows for i, line, proof in known if proof.rows}
    named = [f"{code}: {', '.join(f'{row:,}' for row in own)}" for code, own in rows.items()]
    if named:
        blocks.append(Fold("Rows to look at (counted from 1, without the header)", "\n".join(named)))
    return tuple(blocks)


def _picture(i: int, line: Finding, proof: Evidence) -> EvidenceBlock:
    assert proof.sketch is not None
    return EvidenceBlock(
        title=f"{i}. {clip(line.about, 24)}", alt=clip(f"{line.where} {line.found}.", 300), chart=proof.sketch
    )


def _table(i: int, line: Finding, proof: Evidence) -> TableBlock:
    numeric = [all(not isinstance(row[c], str) for row in proof.examples) for c in range(len(proof.head))]
    return TableBlock(
        caption=clip(f"{i}. {line.code}: examples", 120),
        head=tuple(clip(title, 40) for title in proof.head),
        rows=tuple(tuple(_cell(cell) for cell in row) for row in proof.examples[:MOST_ROWS]),
        align="".join("r" if is_number else "l" for is_number in numeric),
    )


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return clip(cell, 60)
    return f"{cell:,}" if isinstance(cell, int) else number(cell)
