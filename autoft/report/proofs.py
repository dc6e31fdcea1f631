"""Evidence of findings in the report: a small picture of each, and the rows that they name."""

from __future__ import annotations

from collections.abc import Sequence

from autoft.records.evidence import Cell, Evidence
from autoft.records.findings import Finding
from autoft.report.blocks import Block, EvidenceBlock, Fold, Pictures, TableBlock
from autoft.report.wording import clip, first_of, number

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
