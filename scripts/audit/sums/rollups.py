"""Some products' documents of one day, of its hours or sealed, against the sums of their events by minute."""

from collections.abc import Iterable, Mapping

from scripts.audit.reading.shapes import is_aggregate_id
from scripts.audit.reading.snapshot import Snapshot
from scripts.audit.sums import levels
from scripts.audit.sums.by_time import SumsByTime, levels_by_hour
from scripts.audit.sums.differences import Compare, Difference
from scripts.audit.sums.levels import Levels
from scripts.audit.sums.sealed_days import hour_can_be_right, sealed_levels
from shared.documents import ROLLUP_DAYS, ROLLUPS, Document

ProductDay = tuple[int, int]
"""Product and partition, of the day that is compared."""
_OfHours = dict[ProductDay, dict[int, Levels]]


def compare_rollups(day: int, products: Mapping[int, SumsByTime], snapshot: Snapshot, compare: Compare) -> int:
    """Call `compare` for every document of these products and this day (since 1970), and for every missing one.

    `products` has the sums of the day's events by minute. Returns how many documents the day has of these products. A
    document with a malformed `_id` is skipped, because `aggregate_ids` has reported it.
    """
    if not products:
        return 0
    events: _OfHours = {}
    for product, minutes in products.items():
        for hour, partition, of_hour in levels_by_hour(minutes):
            events.setdefault((product, partition), {})[hour] = of_hour
    hours = snapshot.find(ROLLUPS, {"$or": [_range(product, "h", day * 24, 24) for product in products]})
    days = snapshot.find(ROLLUP_DAYS, {"$or": [_range(product, "d", day, 1) for product in products]})
    return compare_documents(day, hours, days, events, compare)


def compare_documents(
    day: int, hours: Iterable[Document], days: Iterable[Document], events: _OfHours, compare: Compare
) -> int:
    """Compare a day's documents of `rollups` and of `rollup_days` with the hours that the raw events give. Returns how
    many documents there were."""
    stored: _OfHours = {}
    count = 0
    for document in hours:
        identity = document["_id"]
        if is_aggregate_id(identity, "phk"):
            count += 1
            of_product = stored.setdefault((identity["p"], identity["k"]), {})
            of_product[identity["h"]] = levels.of_document(document)
    sealed: dict[ProductDay, Levels] = {}
    for document in days:
        identity = document["_id"]
        if is_aggregate_id(identity, "pdk"):
            count += 1
            sealed[identity["p"], identity["k"]] = levels.of_document(document)
    for key in dict.fromkeys([*stored, *events, *sealed]):
        given, kept = events.get(key, {}), stored.get(key, {})
        if key in sealed:
            _compare_sealed(day, key, given, kept, sealed[key], compare)
            continue
        for hour in dict.fromkeys([*kept, *given]):
            compare(Difference(ROLLUPS, _hour_id(key, hour), given.get(hour, {}), kept.get(hour, {})))
    return count


def _compare_sealed(
    day: int,
    key: ProductDay,
    events: dict[int, Levels],
    stored: dict[int, Levels],
    sealed: Levels,
    compare: Compare,
) -> None:
    """Compare the documents of one product and partition, whose day is sealed."""
    right = {hour: kept for hour, kept in stored.items() if hour_can_be_right(kept, events.get(hour, {}))}
    for hour in stored.keys() - right.keys():
        compare(Difference(ROLLUPS, _hour_id(key, hour), {}, stored[hour], of_sealed_day=True))
    product, partition = key
    identity = {"p": product, "d": day, "k": partition}
    compare(Difference(ROLLUP_DAYS, identity, sealed_levels(events, right), sealed, of_sealed_day=True))


def _hour_id(key: ProductDay, hour: int) -> dict[str, int]:
    return {"p": key[0], "h": hour, "k": key[1]}


def _range(product: int, unit: str, first: int, count: int) -> Document:
    """The filter of a product's documents of a day: one range of `_id`."""
    return {"_id": {"$gte": {"p": product, unit: first}, "$lt": {"p": product, unit: first + count}}}
