"""The tables: goals beside what was reached, and the figures behind them, as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["yes", "no", ""]


@dataclass(frozen=True)
class Row:
    """One line of the table of goals. `reached` is text; `holds` is empty where nothing was asked for."""

    measure: str
    goal: str
    reached: str
    holds: Verdict = ""


@dataclass
class Section:
    """One measure: its rows of the table of goals, and its own table and remarks."""

    title: str
    rows: list[Row] = field(default_factory=list)
    header: Sequence[str] = ()
    figures: Sequence[Sequence[str]] = ()
    remarks: list[str] = field(default_factory=list)


def at_least(value: float, goal: float) -> Verdict:
    """Whether the goal is reached."""
    return "yes" if value >= goal else "no"


def at_most(value: float, goal: float) -> Verdict:
    """Whether the goal is kept."""
    return "yes" if value <= goal else "no"


def document(introduction: str, machine: Sequence[str], sections: Sequence[Section]) -> str:
    """The whole report."""
    goals = [(row.measure, row.goal, row.reached, row.holds) for section in sections for row in section.rows]
    parts = [
        introduction.strip(),
        "\n".join(f"- {line}" for line in machine),
        table(("measure", "goal", "reached: median (lowest-highest)", "holds"), goals),
        *(detail(section) for section in sections if section.figures or section.remarks),
    ]
    return "\n\n".join(parts) + "\n"


def detail(section: Section) -> str:
    """One measure's own figures."""
    parts = [f"## {section.title}"]
    if section.figures:
        parts.append(table(section.header, section.figures))
    parts += section.remarks
    return "\n\n".join(parts)


def table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    rows = [header, ["---"] * len(header), *lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)
