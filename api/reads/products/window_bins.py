"""The ratings by bin of products between cuts, from the documents of hours and of sealed days.

They are read as all sums are (`api.reads.spans`): the same documents, divided in the same way, with the bins beside the
sums. Of the minute in which a window begins, ratings are counted from the raw events of its last seconds. So an answer
costs as many documents as the window has hours or days, and the events of the product in less than a minute.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.reads.database import MongoReader
from api.reads.products.queries import ratings_by_value
from api.reads.queries import BY_ID
from api.reads.spans.bucket_rows import bucket_sum
from api.reads.spans.division import divide, open_end, sealed_before
from api.reads.spans.pipelines import Asked, cut_count, sums
from shared.decimals import scaled
from shared.documents import BIN_FIELDS, RATING_DECIMALS, rating_bin

FIELDS: Final = ("sales", "ratings", "rating_sum", *BIN_FIELDS)
Counts = Counter[str]
"""The sums of these names; `rating_sum` in hundredths."""


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
        counts.update(_sums_in(row))
        for minute in division.minutes:
            if row.get(cut_count(minute)):
                counts.update(await raw_bins(mongo, product, begin * 1000, (minute + 1) * 60_000))
    return found


async def raw_bins(mongo: MongoReader, product: int, begin_ms: int, end_ms: int) -> Counts:
    """The same of a product's raw events, but for the sales. Examines each of its events between these times."""
    counts: Counts = Counter()
    for row in await mongo.aggregate("ratings by value", *ratings_by_value(product, begin_ms, end_ms)):
        rating, ratings = scaled(row["_id"], RATING_DECIMALS), row["ratings"]
        counts[BIN_FIELDS[rating_bin(rating)]] += ratings
        counts["ratings"] += ratings
        counts["rating_sum"] += rating * ratings
    return counts


def in_bins(counts: Counts) -> list[int]:
    """The ratings of each bin."""
    return [counts[name] for name in BIN_FIELDS]


def _sums_in(row: Mapping[str, Any]) -> dict[str, int]:
    """The sums of the one bucket, by name."""
    sums = {name: row[bucket_sum(0, name)] for name in FIELDS}
    return sums | {"rating_sum": scaled(sums["rating_sum"], RATING_DECIMALS)}
