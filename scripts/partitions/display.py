"""Shows partitions to a person: a table, and a sentence for each partition that needs one."""

from collections.abc import Sequence
from typing import Final

from scripts.common.console import LiteralConsole
from scripts.common.times import shown
from scripts.partitions.overview import Overview

UNKNOWN: Final = "unknown"
_COLUMNS: Final = (
    "partition",
    "next offset",
    "end in Kafka",
    "lag",
    "condition",
    "last status",
    "caught up (UTC)",
    "generation",
    "epoch",
    "owner",
)


def print_list(console: LiteralConsole, overviews: Sequence[Overview]) -> None:
    """Print the table, then what is to be known of partitions that are not simply read by a living owner."""
    console.table(_COLUMNS, map(_cells, overviews))
    for overview in overviews:
        if overview.reason is not None:
            console.print(f"partition {overview.partition} is {_condition(overview)}: {overview.reason}")


def _cells(overview: Overview) -> tuple[str | int | None, ...]:
    """A row of the table, in the order of `_COLUMNS`."""
    age = overview.status_age_seconds
    return (
        overview.partition,
        overview.next_offset,
        UNKNOWN if overview.end_in_kafka is None else overview.end_in_kafka,
        UNKNOWN if overview.lag is None else overview.lag,
        _condition(overview),
        None if age is None else f"{age:.0f} s ago",
        None if overview.caught_up_at is None else shown(overview.caught_up_at),
        overview.generation,
        overview.epoch,
        overview.owner,
    )


def _condition(overview: Overview) -> str:
    return f"{overview.condition}, {overview.halt}" if overview.halt else overview.condition.value
