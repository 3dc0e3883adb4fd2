"""Rows by bucket: MongoDB adds up a product's whole answer, for questions of a few buckets. Pure.

A row is `{_id: {p}, b0_amount, b1_amount, cut29671940, …}`: the product (if products are asked for), each sum of each
bucket, and how many events a cut minute has. Windows have one bucket, comparisons two. So a hundred products are a
hundred small rows, which is what an answer about many products costs (docs/performance.md).
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from api.reads.spans.division import Division, Level, Piece, Pieces, cells_beside, is_whole
from api.reads.sums import Sums, sums_of
from shared.documents import Document


def identity(level: Level) -> Document:
    """What rows are grouped by, the product aside: rows of all levels are added alike."""
    return {}


def counted(level: Level, division: Division, fields: Sequence[str]) -> Document:
    """What the stage that groups adds up of a level's documents."""
    return {
        bucket_sum(bucket, name): {"$sum": _of_bucket(level, division.units(level), bucket, name)}
        for bucket in range(division.buckets)
        for name in fields
    }


def add(found: list[Sums], row: Mapping[str, Any], division: Division, fields: Sequence[str]) -> None:
    """Add the sums of a row to the buckets."""
    for bucket in range(division.buckets):
        found[bucket] = found[bucket].plus(sums_of({name: row[bucket_sum(bucket, name)] for name in fields}))


def bucket_sum(bucket: int, name: str) -> str:
    """The field of a row that has one sum of a bucket."""
    return f"b{bucket}_{name}"


def _of_bucket(level: Level, units: Pieces, bucket: int, name: str) -> Any:
    """The expression of what a document adds to a bucket: its cells in the unit that a cut divides, else the whole."""
    number = f"$_id.{level.letter}"
    having = {unit: piece for unit, pieces in units.items() for piece in pieces if piece.bucket == bucket}
    whole = [unit for unit in having if is_whole(level, units[unit])]
    branches: list[Document] = [
        {"case": {"$eq": [number, unit]}, "then": _of_piece(level, piece, name)}
        for unit, piece in having.items()
        if not is_whole(level, units[unit])
    ]
    for first, last in _runs(whole):
        within = {"$and": [{"$gte": [number, first]}, {"$lte": [number, last]}]}
        branches.append({"case": within, "then": f"${name}"})
    return {"$switch": {"branches": branches, "default": 0}} if branches else 0


def _of_piece(level: Level, piece: Piece, name: str) -> Document:
    """The sum of a piece's cells, or the whole unit's less that of the cells beside it, where these are fewer."""
    beside = cells_beside(level, piece.first, piece.stop)
    if beside is None:
        return _of_cells(level, [(piece.first, piece.stop)], name)
    return {"$subtract": [{"$sum": [f"${name}"]}, _of_cells(level, beside, name)]}


def _of_cells(level: Level, cells: Sequence[tuple[int, int]], name: str) -> Document:
    return {"$sum": [f"${path}.{name}" for first, stop in cells for path in level.paths(first, stop)]}


def _runs(units: Sequence[int]) -> list[tuple[int, int]]:
    """The first and the last of each run of units that follow each other: 1, 2, 3, 7 are (1, 3) and (7, 7)."""
    runs = (list(run) for _, run in groupby(enumerate(units), key=lambda each: each[1] - each[0]))
    return [(run[0][1], run[-1][1]) for run in runs]
