"""The ratings by bin of products between cuts, from the documents of hours and of sealed days.

They are read as all sums are (`api.reads.spans`): the same documents, divided in the same way, with the bins beside the
sums. Of the minute in which a window begins, ratings are counted from the raw events of its last seconds. So an answer
costs as many documents as the window has hours or days, and the events of the product in less than a minute.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from api.reads.database import MongoReader
from api.reads.products.queries import ratings_by_value
from api.reads.queries import BY_ID
from api.reads.spans.division import DAYS, HOURS, Division, cells_beside, divide, is_whole, open_end, sealed_before
from api.reads.spans.pipelines import Asked, cell_sum, cut_count, sums
from shared.decimals import scaled
from shared.documents import BIN_FIELDS, HISTOGRAM_BINS, RATING_DECIMALS

FIELDS: Final = ("sales", "ratings", "rating_sum", *BIN_FIELDS)
Counts = Counter[str]
"""The sums of these names; `rating_sum` in hundredths."""

_BIN: Final = 50
"""Hundredths that a bin is wide."""
_LEVELS: Final = {level.letter: level for level in (HOURS, DAYS)}


async def read_bins(mongo: MongoReader, products: Sequence[int], begin: int, now_ms: int) -> dict[int, Counts]:
    """What each product had from the second `begin` (since 1970) on; one that had nothing may be left out.

    Ratings that were stored without a bin are in `ratings` alone. It is of one moment where `mongo` is a reader of one
    moment. Raises DatabaseUnavailable.
    """
    division = divide((begin, open_end(now_ms)), sealed_before(now_ms))
    collection, stages = sums(Asked(products, FIELDS), division)
    found: dict[int, Counts] = {}
    for row in await mongo.aggregate("bins of products", collection, stages, BY_ID):
        product = row["_id"]["p"]
        counts = found.setdefault(product, Counter())
        _add(counts, row, division)
        for minute in division.minutes:
            if row.get(cut_count(minute)):
                counts.update(await raw_bins(mongo, product, begin * 1000, (minute + 1) * 60_000))
    return found


async def raw_bins(mongo: MongoReader, product: int, begin_ms: int, end_ms: int) -> Counts:
    """The same of a product's raw events, but for the sales. Examines each of its events between these times."""
    counts: Counts = Counter()
    for row in await mongo.aggregate("ratings by value", *ratings_by_value(product, begin_ms, end_ms)):
        rating, ratings = scaled(row["_id"], RATING_DECIMALS), row["ratings"]
        counts[BIN_FIELDS[min(rating // _BIN, HISTOGRAM_BINS - 1)]] += ratings
        counts["ratings"] += ratings
        counts["rating_sum"] += rating * ratings
    return counts


def in_bins(counts: Counts) -> list[int]:
    """The ratings of each bin."""
    return [counts[name] for name in BIN_FIELDS]


def _add(counts: Counts, row: Mapping[str, Any], division: Division) -> None:
    """Add the sums of a row, as far as its cells are after the cut."""
    level = _LEVELS[row["_id"]["l"]]
    pieces = division.units(level).get(row["_id"]["n"], ())
    if is_whole(level, pieces):
        counts.update(_sums_in(row, ((name, name) for name in FIELDS)))
        return
    for first, stop, _ in pieces:
        beside = cells_beside(level, first, stop)
        if beside is None:
            counts.update(_of_cells(row, first, stop))
            continue
        counts.update(_sums_in(row, ((name, name) for name in FIELDS)))
        for begin, end in beside:
            counts.subtract(_of_cells(row, begin, end))


def _of_cells(row: Mapping[str, Any], first: int, stop: int) -> dict[str, int]:
    return _sums_in(row, ((name, cell_sum(first, stop, name)) for name in FIELDS))


def _sums_in(row: Mapping[str, Any], paths: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Sums by name, of a row that has each of them at a path."""
    return {
        name: scaled(row[path], RATING_DECIMALS) if name == "rating_sum" else int(row[path]) for name, path in paths
    }
