"""Shows partitions to a person: a table, and a sentence for those that need one.

The end in Kafka, generation and epoch are in the JSON alone: with them the table would not fit on a terminal of 80
columns.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from scripts.common.console import LiteralConsole
from scripts.common.times import as_date
from scripts.partitions.overview import Overview

UNKNOWN: Final = "unknown"
_COLUMNS: Final = (
    "partition",
    "next offset",
    "lag",
    "condition",
    "last status",
    "caught up",
    "owner",
)


def print_list(console: LiteralConsole, overviews: Sequence[Overview], now: datetime) -> None:
    """Print the table, then what is to be known of partitions that are not simply read; once where it is the same."""
    console.table(_COLUMNS, (_cells(overview, now) for overview in overviews))
    sentences: dict[tuple[str, str], list[int]] = {}
    for overview in overviews:
        if overview.reason is not None:
            sentences.setdefault((_condition(overview), overview.reason), []).append(overview.partition)
    for (condition, reason), partitions in sentences.items():
        numbers = ", ".join(map(str, partitions))
        console.print(f"partition{'s' if len(partitions) > 1 else ''} {numbers}: {condition}: {reason}")


def _cells(overview: Overview, now: datetime) -> tuple[str | int | None, ...]:
    """A row of the table, in the order of `_COLUMNS`."""
    return (
        overview.partition,
        overview.next_offset,
        UNKNOWN if overview.lag is None else overview.lag,
        _condition(overview),
        _ago(overview.status_at, now),
        _ago(overview.caught_up_at, now),
        overview.owner,
    )


def _condition(overview: Overview) -> str:
    return f"{overview.condition}, {overview.halt}" if overview.halt else overview.condition.value


def _ago(moment: object, now: datetime) -> str | None:
    """How long ago it was, in the largest unit of which there are at least two: `90 s ago`, `25 h ago`."""
    if moment is None:
        return None
    date = as_date(moment)
    if date is None:
        return UNKNOWN
    seconds = max(0, int((now - date).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit} ago"
    return f"{seconds} s ago"
