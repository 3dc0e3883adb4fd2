"""Cuts a stretch of time into the pieces that stored documents hold. Pure.

A question names its *cuts*, seconds since 1970 in ascending order. The events between two neighbouring cuts are a
*bucket*: the cuts 10:00, 11:00, 12:30 make bucket 0 from 10:00 and bucket 1 from 11:00 until 12:30. A document covers a
*unit* of time and holds its sums by *cell*:

    Level      unit       cells                 collections
    DAYS       a day      96 quarter hours      rollup_days, total_days: days that may be sealed
    HOURS      an hour    60 minutes            rollups, totals
    MINUTES    a minute   60 seconds            totals; of one product, the raw events

A cut inside a minute leaves that minute out of its hour's pieces: it is a *cut minute*, whose seconds are read.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from shared.documents import block_path, minute_path, quarter_path, second_path

UNSEALED_SECONDS: Final = 49 * 3_600
"""Everything so recent is in `rollups` and `totals`: a day is sealed 50 hours after its end or later. At twice of it,
readers would overlook sealed days; at half, they would ask for some that cannot be there."""

HOURS_AHEAD: Final = 2
"""Hours from the present one on that can hold events: the present one and the next, since the consumer accepts events
that are up to five minutes ahead of its clock."""

_DIVISIONS_KEPT: Final = 64
"""Divisions that are remembered: questions of one second share theirs. One of two months takes some 400 kB, so these
take 25 MB at the worst; half as many would serve until 32 different questions come in one second, and twice as many
take 50 MB."""

_PIECES_KEPT: Final = 512
"""Pieces for which it is remembered how they are added up: a day has 48 ways to be cut into two, and hours as many as
they have minutes. They take 100 kB; with half as many, some are worked out again, for 10 µs each."""


class Piece(NamedTuple):
    """Cells `first` to below `stop` of a unit, which belong to one bucket."""

    first: int
    stop: int
    bucket: int


Pieces = dict[int, Sequence[Piece]]
"""The pieces of each unit, by the unit's number since 1970, which ascends."""


@dataclass(frozen=True, slots=True)
class Level:
    """A kind of document: how long its unit and its cells are, in seconds."""

    letter: str
    """Of the unit's number in `_id`."""
    unit: int
    cell: int

    @property
    def cells(self) -> int:
        """How many cells a unit has."""
        return self.unit // self.cell

    def paths(self, first: int, stop: int) -> list[str]:
        """Where a document holds the sums of the cells `first` to below `stop`: as few paths as there can be."""
        if self is DAYS:
            return [quarter_path(cell) for cell in range(first, stop)]
        if self is MINUTES:
            return [second_path(cell) for cell in range(first, stop)]
        paths: list[str] = []
        while first < stop:
            is_block = first % 10 == 0 and first + 10 <= stop
            paths.append(block_path(first) if is_block else minute_path(first))
            first += 10 if is_block else 1
        return paths


DAYS: Final = Level("d", 86_400, 900)
HOURS: Final = Level("h", 3_600, 60)
MINUTES: Final = Level("m", 60, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Division:
    """Which cells of which documents make up the buckets. It equals only itself, so what is made of it can be kept."""

    buckets: int
    days: Pieces
    """Of days that may be sealed. Their hours are in `hours` as well: a late event may have made a new document."""
    hours: Pieces
    minutes: Pieces
    """The cut minutes."""

    def units(self, level: Level) -> Pieces:
        """The pieces of a level's documents."""
        return {"d": self.days, "h": self.hours, "m": self.minutes}[level.letter]


@lru_cache(_DIVISIONS_KEPT)
def divide(cuts: tuple[int, ...], sealed_before: int) -> Division:
    """The division by these cuts. Days that end at `sealed_before` (see the function of this name) may be sealed.

    Raises ValueError where a cut lies inside a quarter hour of such a day, which keeps nothing finer.
    """
    wrong = [cut for cut in cuts if cut < sealed_before and cut % DAYS.cell]
    if wrong:
        raise ValueError(f"sealed days keep quarter hours, and second {wrong[0]} is inside one")
    clipped = [min(cut, sealed_before) for cut in cuts]
    minutes = {cut // MINUTES.unit for cut in cuts if cut % MINUTES.unit}
    # Of an hour whose last minute is cut, nothing else may be asked for; it still counts that minute's events.
    of_cut_minutes: Pieces = {minute // HOURS.cells: () for minute in minutes}
    return Division(
        len(cuts) - 1,
        days=_pieces(DAYS, clipped),
        hours=dict(sorted((of_cut_minutes | _pieces(HOURS, cuts)).items())),
        minutes={minute: _seconds(minute, cuts) for minute in sorted(minutes)},
    )


def sealed_before(now_ms: int) -> int:
    """The second since 1970, a day's end, before which days may be sealed at `now_ms`, UTC milliseconds."""
    return (now_ms // 1000 - UNSEALED_SECONDS) // DAYS.unit * DAYS.unit


def open_end(now_ms: int) -> int:
    """The second since 1970 that no event reaches at `now_ms`: the last cut of a question without an upper end."""
    return (now_ms // 1000 // HOURS.unit + HOURS_AHEAD) * HOURS.unit


def is_whole(level: Level, pieces: Sequence[Piece]) -> bool:
    """Whether a unit lies in one bucket entirely."""
    return len(pieces) == 1 and pieces[0].first == 0 and pieces[0].stop == level.cells


@lru_cache(_PIECES_KEPT)
def cells_beside(level: Level, first: int, stop: int) -> tuple[tuple[int, int], ...] | None:
    """The cells of a unit that are not in a piece, as `(first, stop)`, where they are fewer to add up than the piece's.

    Then the piece is the whole unit less those. None where the piece itself is fewer, or where no document holds the
    sums of the whole unit. In Kathmandu a sealed day is cut into 73 and 23 quarter hours: 23 give both.
    """
    if level is MINUTES:
        return None
    beside = tuple((begin, end) for begin, end in ((0, first), (stop, level.cells)) if begin < end)
    more = len(level.paths(first, stop)) - sum(len(level.paths(begin, end)) for begin, end in beside)
    # Of two halves the first one is added up, for both.
    return beside if more > 0 or (more == 0 and first) else None


def added_up(level: Level, units: Pieces) -> dict[tuple[int, int], list[int]]:
    """The cells (`first`, `stop`) that are to be added up, and the units in which: their pieces are made of these."""
    having: dict[tuple[int, int], list[int]] = defaultdict(list)
    for unit, pieces in units.items():
        for piece in pieces:
            beside = cells_beside(level, piece.first, piece.stop)
            for cells in ((piece.first, piece.stop),) if beside is None else beside:
                if unit not in having[cells][-1:]:
                    having[cells].append(unit)
    return dict(having)


def _pieces(level: Level, cuts: Iterable[int]) -> Pieces:
    """The whole cells between the cuts, by unit. A cell that a cut divides is in no piece."""
    pieces: dict[int, list[Piece]] = defaultdict(list)
    for bucket, (begin, end) in enumerate(pairwise(cuts)):
        cell, stop = -(-begin // level.cell), end // level.cell
        while cell < stop:
            unit, first = divmod(cell, level.cells)
            count = min(level.cells - first, stop - cell)
            pieces[unit].append(Piece(first, first + count, bucket))
            cell += count
    return dict(pieces)


def _seconds(minute: int, cuts: Iterable[int]) -> Sequence[Piece]:
    """The pieces of a cut minute."""
    begin, end = minute * MINUTES.unit, (minute + 1) * MINUTES.unit
    return _pieces(MINUTES, [min(max(cut, begin), end) for cut in cuts]).get(minute, [])
