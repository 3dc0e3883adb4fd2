"""What the API asks MongoDB about a product: its documents, its newest event, its ratings by bin. Pure."""

from collections.abc import Iterable, Sequence

from bson.max_key import MaxKey
from bson.min_key import MinKey

from api.reads.queries import Query, Stages, events_between, partitions_of, union
from shared.documents import DAY_MS, ROLLUP_DAYS, ROLLUPS, Document, event_collection, events_of
from shared.events import PRODUCT_RATED


def ratings_by_value(product: int, begin_ms: int, end_ms: int) -> tuple[str, Stages]:
    """The collection to ask, and the stages: a row `{_id: rating, ratings}` for each rating that was given.

    Made of the product's raw events of a time span, of each day that it touches. There are 501 different ratings at
    most, and to put each event into its bin would take MongoDB longer than to find it.
    """
    days = range(begin_ms - begin_ms % DAY_MS, end_ms, DAY_MS)
    match = events_between(product, begin_ms, end_ms)
    rated = [match, {"$match": {"event": PRODUCT_RATED}}]
    group = {"$group": {"_id": "$rating", "ratings": {"$sum": 1}}}
    first, *others = [event_collection(day) for day in days]
    return first, [*rated, *(union(other, rated) for other in others), group]


def product_documents(products: Iterable[int]) -> Query:
    """On `products`: a row for each partition of each known product, with `p`, `k` and the document's fields."""
    fields = ("latest", "latest_rated", "first_seen", "ratings", "rating_sum", "histogram")
    return Query(partitions_of(products), {"_id": 0, "p": "$_id.p", "k": "$_id.k", **dict.fromkeys(fields, 1)})


def newest_days(products: Sequence[int]) -> tuple[str, Stages]:
    """The collection to ask, and the stages: up to two rows `{p, h}` and `{p, d}` for each of the products.

    `h` is the newest hour that has an event of the product in `rollups`, `d` its newest sealed day: each is one step
    from the end of the product's range of `_id`.
    """

    def last(letter: str, product: int) -> Stages:
        return [
            {"$match": {"_id": _every({"p": product}, letter)}},
            {"$sort": {"_id": -1}},
            {"$limit": 1},
            {"$project": {"_id": 0, "p": "$_id.p", letter: f"$_id.{letter}"}},
        ]

    unions = [union(ROLLUP_DAYS, last("d", product)) for product in products]
    unions += [union(ROLLUPS, last("h", product)) for product in products[1:]]
    return ROLLUPS, [*last("h", products[0]), *unions]


def newest_events(of_days: Sequence[tuple[int, int]]) -> tuple[str, Stages]:
    """The collection to ask, and the stages: a row `{_id, name}` with the newest event of each product on a day.

    `of_days` are products with a day since 1970 each, at least one. Of events of one millisecond it is the one with the
    highest partition, then the highest offset.
    """

    def last(product: int) -> Stages:
        fields = {"name": "$name_of_product"}
        return [{"$match": events_of(product)}, {"$sort": {"_id": -1}}, {"$limit": 1}, {"$project": fields}]

    collections = [event_collection(day * DAY_MS) for _, day in of_days]
    unions = [
        union(collection, last(product)) for collection, (product, _) in zip(collections[1:], of_days[1:], strict=True)
    ]
    return collections[0], [*last(of_days[0][0]), *unions]


def _every(begin: Document, letter: str) -> Document:
    """The range of every `_id` that begins so, whatever its `letter` and what follows."""
    return {"$gte": begin | {letter: MinKey()}, "$lt": begin | {letter: MaxKey()}}
