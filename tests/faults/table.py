"""The table at the end of a run: a line for each scenario, with its faults and what they did."""

from dataclasses import dataclass
from itertools import groupby

from rich import box
from rich.markup import escape
from rich.table import Table


@dataclass
class Row:
    """One scenario's line. It is filled while the scenario runs, so that a broken scenario has its line too."""

    group: str
    scenario: str
    faults: int = 0
    events: int = 0
    lost: int = 0
    repeated: int = 0
    stall_seconds: float = 0.0
    """The longest time in which nothing was written although there was something to read."""
    held: bool = False


def table(rows: list[Row]) -> Table:
    """A line for each scenario and the sums of each group, in Markdown, which documents quote."""
    made = Table("group", "scenario", box=box.MARKDOWN)
    for name in ("faults", "events", "lost", "duplicated", "longest stall"):
        made.add_column(name, justify="right")
    made.add_column("invariant")
    ordered = sorted(rows, key=lambda row: row.group)
    for group, members in groupby(ordered, key=lambda row: row.group):
        scenarios = list(members)
        for row in scenarios:
            made.add_row(*_cells(row))
        if len(scenarios) > 1:
            made.add_row(*_cells(_sum(group, "together", scenarios)))
    made.add_row(*_cells(_sum("all", "together", ordered)))
    return made


def _sum(group: str, name: str, rows: list[Row]) -> Row:
    return Row(
        group,
        name,
        faults=sum(row.faults for row in rows),
        events=sum(row.events for row in rows),
        lost=sum(row.lost for row in rows),
        repeated=sum(row.repeated for row in rows),
        stall_seconds=max(row.stall_seconds for row in rows),
        held=all(row.held for row in rows),
    )


def _cells(row: Row) -> tuple[str, ...]:
    numbers = (row.faults, row.events, row.lost, row.repeated)
    stall, invariant = f"{row.stall_seconds:.1f} s", "held" if row.held else "BROKEN"
    return row.group, escape(row.scenario), *(f"{number:,}" for number in numbers), stall, invariant
