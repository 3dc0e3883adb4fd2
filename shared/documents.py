"""The MongoDB collections: names, `_id` layouts, field names and options. Both services read and write by this file.

Abbreviations live in `_id`s and in the paths of the aggregates alone, because each is stored in every record:

    p  product id                       h  hour, as hours since 1970 (UTC)
    t  event time, UTC milliseconds     m  minute, as minutes since 1970
    k  Kafka partition; -1: replayed    o  Kafka offset
    g  generation of the Kafka topic: raised when an operator accepts that the topic was recreated

Amounts are Decimal128 with six decimals, ratings and their sums Decimal128 with two.

    events_YYYYMMDD     {p, t, k, o, g}      event, name_of_product, no_of_units + amount | rating + category, extra
    rollups             {p, h, k}            sums of the hour, `b.<block>` (ten minutes), `b.<block>.m.<minute>`
    totals              {h, k} and {m, k}    the same over all products; a minute's document by second: `s.<second>`
    products            {p, k}               ratings, rating_sum, histogram.<bin>, latest, latest_rated, first_seen
    rejected_events     {topic, g, k, o}     dead letters: reason, bytes, state
    partitions          {group, topic, k}    next_offset, first_offset, epoch, owner, lsid, topic_id, generation,
                                             read_to: below it Kafka has nothing to give that is not stored;
                                             past: the same of generations that are over
    partition_status    {group, topic, k}    caught_up_at, lag, at
    maintenance         name of a duty       schema: version; retention: dropped_before; replays: count, repairs

In a database of its own, `<database>_access`, since a user's rights are by database and the consumer has none there:

    api_tokens          SHA-256 of jti       name, scopes, products, expires_at, ...
    token_uses          the same             last_used_at; all that the API may write

"Sums" are the five fields of `SUMS`; one that no event touched is absent. The Kafka partition is part of every
aggregate's `_id`, so two consumers never write the same document and readers sum over `k`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

ROLLUPS = "rollups"
TOTALS = "totals"
PRODUCTS = "products"
REJECTED_EVENTS = "rejected_events"
PARTITIONS = "partitions"
PARTITION_STATUS = "partition_status"
API_TOKENS = "api_tokens"
TOKEN_USES = "token_uses"  # noqa: S105
ACCESS_SUFFIX = "_access"
MAINTENANCE = "maintenance"
SCHEMA = "schema"
RETENTION = "retention"
REPLAYS = "replays"
_EVENTS_PREFIX = "events_"

SUMS = ("amount", "units", "sales", "ratings", "rating_sum")
REPLAYED_PARTITION = -1

AMOUNT_DECIMALS = 6
RATING_DECIMALS = 2

SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
HISTOGRAM_BINS = 10

Id = dict[str, int | str]
Document = dict[str, Any]

EVENT_COLLECTIONS: Mapping[str, Any] = {"name": {"$regex": f"^{_EVENTS_PREFIX}"}}
"""A filter of `listCollections`: the collections of raw events, one a day."""


class LetterState(StrEnum):
    """What became of a dead letter; the field `state` in `rejected_events`."""

    NEW = "new"
    """Nobody has decided about it yet."""
    REPLAYED = "replayed"
    """A person had it judged again and it was accepted: it is a raw event under partition -1 as well."""
    DISCARDED = "discarded"
    """A person decided that it is not worth replaying."""


_OFFSET_BITS = 44


def event_collection(time_ms: int) -> str:
    """Name of the collection of the UTC day that `time_ms` falls into."""
    return f"{_EVENTS_PREFIX}{datetime.fromtimestamp(time_ms // 1000, UTC):%Y%m%d}"


def event_day(collection: str) -> int | None:
    """Day since 1970 (UTC) whose events `collection` holds; None when it is no collection of events."""
    try:
        day = datetime.strptime(collection, f"{_EVENTS_PREFIX}%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(day.timestamp() * 1000) // DAY_MS


def is_event_collection(name: str) -> bool:
    """Whether a collection's name is one that `EVENT_COLLECTIONS` finds."""
    return name.startswith(_EVENTS_PREFIX)


def first_kept_day(retention: Mapping[str, Any] | None) -> int:
    """The first day since 1970 (UTC) whose raw events retention has not dropped; 0 when it has dropped none.

    `retention` is the document `RETENTION` of `maintenance`, None where it is missing. Retention notes a drop before it
    drops, so whoever asks after reading a day knows whether the day may have been gone.
    """
    return int((retention or {}).get("dropped_before", 0))


def replayed_offset(partition: int, offset: int) -> int:
    """The `o` of a replayed event: where its dead letter stood in Kafka, as one number, unique under partition -1.

    `offset` is below 2^44, `partition` below 2^19.
    """
    return partition << _OFFSET_BITS | offset


def replayed_source(replayed: int) -> tuple[int, int]:
    """The inverse of `replayed_offset`: partition and offset."""
    return replayed >> _OFFSET_BITS, replayed & ((1 << _OFFSET_BITS) - 1)


def event_id(product: int, time_ms: int, partition: int, offset: int, generation: int) -> Id:
    """Product first: one product's events of a time span are one range of the clustered collection."""
    return {"p": product, "t": time_ms, "k": partition, "o": offset, "g": generation}


def rollup_id(product: int, hour: int, partition: int) -> Id:
    """`_id` of a product's hour in `rollups`."""
    return {"p": product, "h": hour, "k": partition}


def hour_total_id(hour: int, partition: int) -> Id:
    """`_id` of an hour over all products in `totals`."""
    return {"h": hour, "k": partition}


def minute_total_id(minute: int, partition: int) -> Id:
    """`_id` of a minute over all products in `totals`."""
    return {"m": minute, "k": partition}


def product_id(product: int, partition: int) -> Id:
    """`_id` in `products`."""
    return {"p": product, "k": partition}


def rejected_id(topic: str, generation: int, partition: int, offset: int) -> Id:
    """`_id` in `rejected_events`."""
    return {"topic": topic, "g": generation, "k": partition, "o": offset}


def partition_id(group: str, topic: str, partition: int) -> Id:
    """`_id` in `partitions` and `partition_status`."""
    return {"group": group, "topic": topic, "k": partition}


def block_path(minute: int) -> str:
    """Path of the ten-minute block that holds `minute` (since 1970) inside its hour's document."""
    return f"b.{minute % 60 // 10}"


def minute_path(minute: int) -> str:
    """Path of `minute` (since 1970) inside its hour's document."""
    return f"{block_path(minute)}.m.{minute % 60}"


def second_path(second: int) -> str:
    """Path of `second` (since 1970) inside its minute's document in `totals`."""
    return f"s.{second % 60}"


EVENT_COLLECTION_OPTIONS: Mapping[str, Any] = {"clusteredIndex": {"key": {"_id": 1}, "unique": True, "name": "_id"}}
"""Clustered on `_id`: half the cost of a secondary index, and a range of `_id` is a range on disk."""
