"""Rows by unit: MongoDB adds up a product's partitions, and the API the units, for questions of many buckets. Pure.

A row is `{_id: {p, l, n}, amount, c20_60_amount, cut29671940, …}`: the product (if products are asked for), the letter
of the level, the number of a unit of time, and then the sums of the whole unit, those of its cells 20 to 59, and how
many events a cut minute has. Its cells 0 to 19 are the whole less the others.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.reads.spans.division import (
    DAYS,
    HOURS,
    MINUTES,
    Division,
    Level,
    Pieces,
    added_up,
    cells_beside,
    is_whole,
)
from api.reads.sums import Sums, sums_of
from shared.documents import Document

_LEVELS: Final = {level.letter: level for level in (DAYS, HOURS, MINUTES)}
_FEW_UNITS: Final = 4
"""Cells that are added up in only so many units, or hours of the day, are so in these alone. For more the comparison
costs as much as the sums that it saves."""
_DAY_HOURS: Final = 24


def identity(level: Level) -> Document:
    """What rows are grouped by, the product aside."""
    return {"l": level.letter, "n": f"$_id.{level.letter}"}


def counted(level: Level, division: Division, fields: Sequence[str]) -> Document:
    """What the stage that groups adds up of a level's documents."""
    units = division.units(level)
    sums: Document = {name: {"$sum": f"${name}"} for name in fields} if level is not MINUTES else {}
    for (first, stop), having in added_up(level, units).items():
        where = _where(level, units, having)
        for name in fields:
            paths = [f"${path}.{name}" for path in level.paths(first, stop)]
            amount: Any = paths[0] if len(paths) == 1 else {"$sum": paths}
            if where is not None:
                amount = {"$cond": [where, amount, 0]}
            sums[_field(first, stop, name)] = {"$sum": amount}
    return sums


def add(found: list[Sums], row: Mapping[str, Any], division: Division, fields: Sequence[str]) -> None:
    """Add the sums of a row to the buckets that its cells belong to."""
    level = _LEVELS[row["_id"]["l"]]
    pieces = division.units(level).get(row["_id"]["n"], ())
    if is_whole(level, pieces):
        bucket = pieces[0].bucket
        found[bucket] = found[bucket].plus(sums_of(row))
        return
    for first, stop, bucket in pieces:
        found[bucket] = found[bucket].plus(_of_piece(row, level, first, stop, fields))


def _of_piece(row: Mapping[str, Any], level: Level, first: int, stop: int, fields: Sequence[str]) -> Sums:
    """The sums of a piece, of a row that has them, or those of the whole unit less those of the cells beside it."""
    beside = cells_beside(level, first, stop)
    if beside is None:
        return _of_cells(row, first, stop, fields)
    of_piece = sums_of(row)
    for begin, end in beside:
        of_piece = of_piece.less(_of_cells(row, begin, end, fields))
    return of_piece


def _of_cells(row: Mapping[str, Any], first: int, stop: int, fields: Sequence[str]) -> Sums:
    return sums_of({name: row[_field(first, stop, name)] for name in fields})


def _field(first: int, stop: int, name: str) -> str:
    """The field of a row that has one sum of the cells `first` to below `stop`."""
    return f"c{first}_{stop}_{name}"


def _where(level: Level, units: Pieces, having: Sequence[int]) -> Document | None:
    """The condition of the units whose cells are added up, where that is worth it; None adds them up everywhere."""
    number = f"$_id.{level.letter}"
    if len(having) <= _FEW_UNITS < len(units):
        return {"$in": [number, having]}
    hours = sorted({unit % _DAY_HOURS for unit in having})
    if level is HOURS and len(hours) <= _FEW_UNITS and len(units) > _DAY_HOURS:
        return {"$in": [{"$mod": [number, _DAY_HOURS]}, hours]}
    return None
