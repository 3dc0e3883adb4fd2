"""What each scenario survived, for the table at the end of a run."""

from dataclasses import dataclass

from rich import box
from rich.markup import escape
from rich.table import Table


@dataclass
class Row:
    """One scenario. Filled while it runs, so that a broken one has its line too."""

    group: str
    scenario: str
    faults: int = 0
    events: int = 0
    lost: int = 0
    repeated: int = 0
    stall_seconds: float = 0.0
    """Longest time without progress while there was something to read."""
    held: bool = False


def table(rows: list[Row]) -> Table:
    """One line a scenario, and the sum; in Markdown, so that a document may quote it."""
    made = Table("group", "scenario", box=box.MARKDOWN)
    for name in ("faults", "events", "lost", "duplicated", "longest stall"):
        made.add_column(name, justify="right")
    made.add_column("invariant")
    for row in rows:
        numbers = (row.faults, row.events, row.lost, row.repeated)
        stall = f"{row.stall_seconds:.1f} s"
        made.add_row(
            row.group,
            escape(row.scenario),
            *(f"{number:,}" for number in numbers),
            stall,
            "held" if row.held else "BROKEN",
        )
    sums = (sum(getattr(row, name) for row in rows) for name in ("faults", "events", "lost", "repeated"))
    longest = max((row.stall_seconds for row in rows), default=0.0)
    held = all(row.held for row in rows)
    made.add_row("", "all", *(f"{number:,}" for number in sums), f"{longest:.1f} s", "held" if held else "BROKEN")
    return made
