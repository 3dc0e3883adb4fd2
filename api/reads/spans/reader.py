"""Sums of events between cuts: the one reader behind windows, comparisons and series."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from api.reads.database import MongoReader
from api.reads.known import KnownProducts
from api.reads.queries import BY_ID
from api.reads.spans.cut_minutes import CutMinutes, ProductMinute, Seconds
from api.reads.spans.division import Division, divide, sealed_before
from api.reads.spans.pipelines import Asked, cut_count, rows_of, sums
from api.reads.sums import NOTHING, Sums


class Question(NamedTuple):
    """What is summed: between which cuts (seconds since 1970, ascending), and which of the five sums."""

    cuts: tuple[int, ...]
    fields: tuple[str, ...]


class SpanReader:
    """Sums the events between cuts: one sum a bucket, exact to the second and to the digit.

    All that one call reads is of one moment, where `mongo` is a reader of one moment (`MongoReader.at_one_moment`).
    """

    def __init__(self) -> None:
        self._known = KnownProducts()
        self._cut_minutes = CutMinutes()

    async def of_products(
        self, mongo: MongoReader, products: Sequence[int], question: Question, now_ms: int
    ) -> dict[int, list[Sums] | None]:
        """Each product's sums, a bucket each; None for a product that never had an event.

        Raises DatabaseUnavailable.
        """
        division = divide(question.cuts, sealed_before(now_ms))
        asked = Asked(products, question.fields)
        collection, stages = sums(asked, division)
        rows = await mongo.aggregate("sums of products", collection, stages, BY_ID)
        found = {product: [NOTHING] * division.buckets for product in products}
        add = rows_of(division).add
        for row in rows:
            add(found[row["_id"]["p"]], row, division, question.fields)
        counts = _cut_counts(rows, division)
        for (product, minute), seconds in (await self._cut_minutes.read(mongo, counts)).items():
            for first, stop, bucket in division.minutes[minute]:
                within = _within(seconds, first, stop, question.fields)
                found[product][bucket] = found[product][bucket].plus(within)
        known = {row["_id"]["p"] for row in rows}
        unknown = await self._known.unknown_among(mongo, [product for product in products if product not in known])
        return {product: None if product in unknown else found[product] for product in products}

    async def of_all(self, mongo: MongoReader, question: Question, now_ms: int) -> list[Sums]:
        """The sums over all products, a bucket each. Raises DatabaseUnavailable."""
        division = divide(question.cuts, sealed_before(now_ms))
        collection, stages = sums(Asked(None, question.fields), division)
        found = [NOTHING] * division.buckets
        add = rows_of(division).add
        for row in await mongo.aggregate("sums of all", collection, stages, BY_ID):
            add(found, row, division, question.fields)
        return found


def _cut_counts(rows: Iterable[Mapping[str, Any]], division: Division) -> dict[ProductMinute, int]:
    """How many events each product has in its cut minutes, of those that have any."""
    counts: dict[ProductMinute, int] = defaultdict(int)
    for row in rows:
        for minute in division.minutes:
            if count := row.get(cut_count(minute)):
                counts[row["_id"]["p"], minute] += count
    return dict(counts)


def _within(seconds: Seconds, first: int, stop: int, fields: Sequence[str]) -> Sums:
    """The sums of the seconds `first` to below `stop`; those that were not asked for are 0."""
    counted = [sums for second, sums in seconds.items() if first <= second < stop]
    return Sums(**{name: sum(map(attrgetter(name), counted)) for name in fields})
