"""Writes the report in Markdown: a table of goals and what was reached, and the tables of figures behind it."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["yes", "no", ""]

COLUMNS = 119
"""The longest line of a remark in the report, in characters; the project's pages are wrapped at 120 columns."""


@dataclass(frozen=True)
class GoalRow:
    """A row of the table of goals. `reached` is written out; `holds` is empty for figures that have no goal."""

    measure: str
    goal: str
    reached: str
    holds: Verdict = ""


@dataclass
class Section:
    """What one measure found: its rows of the table of goals, and its own table and remarks."""

    title: str
    rows: list[GoalRow] = field(default_factory=list)
    header: Sequence[str] = ()
    figures: Sequence[Sequence[str]] = ()
    remarks: list[str] = field(default_factory=list)


def at_least(value: float, goal: float) -> Verdict:
    """Return "yes" if the value is not below the goal."""
    return "yes" if value >= goal else "no"


def at_most(value: float, goal: float) -> Verdict:
    """Return "yes" if the value is not above the goal."""
    return "yes" if value <= goal else "no"


def document(introduction: str, machine: Sequence[str], sections: Sequence[Section]) -> str:
    """Return the whole report; `machine` are the lines about what it was measured on."""
    goals = [(row.measure, row.goal, row.reached, row.holds) for section in sections for row in section.rows]
    parts = [
        introduction.strip(),
        "\n".join(f"- {line}" for line in machine),
        table(("measure", "goal", "reached: median (lowest-highest)", "holds"), goals),
        *(detail(section) for section in sections if section.figures or section.remarks),
    ]
    return "\n\n".join(parts) + "\n"


def detail(section: Section) -> str:
    """Return the part of the report about one measure: its table and its remarks, below a heading."""
    parts = [f"## {section.title}"]
    if section.figures:
        parts.append(table(section.header, section.figures))
    parts += (textwrap.fill(remark, COLUMNS, break_on_hyphens=False) for remark in section.remarks)
    return "\n\n".join(parts)


def table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; every line has as many cells as the header."""
    rows = [header, ["---"] * len(header), *lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)
