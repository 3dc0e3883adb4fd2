"""What MongoDB holds: each collection, what it is for, its `_id`, its fields with units, and an example.

Both services, the scripts and the audit read and write by this file. The collections, in its order:

    events_YYYYMMDD     one document for each accepted event, a collection for each UTC day
    rollups             sums by product and hour
    totals              sums over all products, by hour and by minute
    rollup_days         sums by product and day, of days that are sealed
    total_days          sums over all products, of days that are sealed
    products            ratings, names and first event of each product
    rejected_events     dead letters
    event_ids           the ids of the events that counted in the last days
    recent_sums         what each batch of the last minutes added, by product and minute
    partitions          the offset, the epoch and the owner of each Kafka partition
    partition_status    up to when each partition is counted
    maintenance         the schema's version, and notes of the duties that span processes

and in a separate database, `<database>_access`, since MongoDB grants rights by database and the consumer needs none
there:

    api_tokens          what each token allows
    token_uses          when each token was last used

**One letter** stands for a name inside an `_id` or on the path to a sum, because MongoDB stores it in every document:

    p  product id                       h  hour, counted since 1970 (UTC): 498897 is 2026-11-30 09:00
    t  event time, UTC milliseconds     m  minute, counted since 1970
    k  Kafka partition, or -1           o  Kafka offset
    g  generation: 1, and one more each time an operator accepts that the topic was recreated or lost offsets
    b  ten-minute blocks of an hour     s  seconds of a minute
    d  day, counted since 1970 (UTC)    q  quarter hours of a day: 37 is 09:15 to 09:30

**The Kafka partition is in every `_id`** of a document with sums. Each partition has one owner at a time, so two
consumers never write the same document, and never conflict; readers add up the documents of all partitions. Partition
-1 holds the events of replayed dead letters, which no consumer writes.

**Numbers.** Amounts are Decimal128 with six decimals, ratings and their sums Decimal128 with two, counts are integers.
**Sums** are the five fields named in `SUMS`; a sum that no event has touched is absent. Sums of a product have, beside
them, the ratings by bin (`BIN_FIELDS`); a bin without ratings is absent. Ratings that were stored by versions before
1.2.0 are in no bin, so the bins of a document may be fewer than its `ratings`, until `audit --repair-rollups` has run.

The examples are what the consumer stores for a sale of product 3, a rating of it and a rejected message, all in
partition 0 at 2026-11-30 09:58:48.954 UTC.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from bson.max_key import MaxKey
from bson.min_key import MinKey

Id = dict[str, int | str]
Document = dict[str, Any]

SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
_EPOCH = datetime.fromtimestamp(0, UTC)

AMOUNT_DECIMALS = 6
"""Decimals of a stored amount: the most that the wire contract allows, so no digit is lost."""

RATING_DECIMALS = 2
"""Decimals of a stored rating: the most that the wire contract allows."""

HISTOGRAM_BINS = 10
"""Bins of half a point from 0 to 5."""

SUMS = ("amount", "units", "sales", "ratings", "rating_sum")
"""Money of all sales, units sold, number of sales, number of ratings, sum of all ratings."""

BIN_FIELDS = tuple(f"r{bin_}" for bin_ in range(HISTOGRAM_BINS))
"""Beside a product's sums: the ratings by bin, which is floor(2 * rating). 4.0 counts in `r8`; 4.5 and 5.0 in `r9`."""

REPLAYED_PARTITION = -1
"""The `k` of events that were rejected first, and accepted when an operator replayed their dead letters."""


# events_YYYYMMDD ------------------------------------------------------------------------------------------------------
#
# One document for each accepted event, in the collection of the UTC day on which the event happened. Each document is
# written once and never changed; retention drops whole days.
#
#     {_id: {p: 3, t: 1796032728954, k: 0, o: 0, g: 1},       {_id: {p: 3, t: 1796032728954, k: 0, o: 1, g: 1},
#      event: "productSold",                                   event: "productRated",
#      no_of_units: 10,                                        rating: Decimal128("4.50"),
#      amount: Decimal128("1000.500000"),                      name_of_product: "Chair",
#      name_of_product: "Chair",                               category: "Furniture",
#      extra: {currency: "EUR"},                               extra_json: '{"utm.source":"mail","stars":4.50}',
#      event_id: "order-4711-2"}                               event_id: "91bd6cf2-9cd7"}
#
# `extra` holds the message's fields that the contract does not know. Where BSON cannot hold all of them (a key with a
# dot, NUL or a leading `$`, a number beyond 64 bits or Decimal128, half of a surrogate pair, more than 16 levels),
# `extra_json` holds all of them instead: the text of a JSON object, with every digit and character as sent. Both are
# absent when there are none. `event_id` is the id that the producer gave the event, absent when it gave none; of a
# replayed event whose id has been counted before, `as_new`: true says that an operator wanted it to count all the same.

_EVENTS_PREFIX = "events_"

EVENT_COLLECTIONS: Mapping[str, Any] = {"name": {"$regex": f"^{_EVENTS_PREFIX}"}}
"""A filter of `listCollections`: the collections of raw events."""

EVENT_COLLECTION_OPTIONS: Mapping[str, Any] = {"clusteredIndex": {"key": {"_id": 1}, "unique": True, "name": "_id"}}
"""Clustered on `_id`: documents lie on disk in the order of `_id`, so one product's events of a time span are one range
there, and an insert writes no second index. ADR 2 has the measurements."""


def rating_bin(hundredths: int) -> int:
    """The bin of a rating in hundredths: 449 is in bin 8, 450 and 500 in bin 9."""
    return min(hundredths // 50, HISTOGRAM_BINS - 1)


def milliseconds(moment: datetime) -> int:
    """UTC milliseconds of a moment, as MongoDB stores it. In integers: a float of seconds is inexact from 2038 on."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def event_collection(time_ms: int) -> str:
    """Name of the collection for an event at `time_ms`: 1796032728954 gives `events_20261130`."""
    return f"{_EVENTS_PREFIX}{datetime.fromtimestamp(time_ms // 1000, UTC):%Y%m%d}"


def event_day(collection: str) -> int | None:
    """Day since 1970 (UTC) whose events `collection` holds; None when it holds no events.

    `events_20261130` gives 20787.
    """
    try:
        day = datetime.strptime(collection, f"{_EVENTS_PREFIX}%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return milliseconds(day) // DAY_MS


def is_event_collection(name: str) -> bool:
    """Whether `EVENT_COLLECTIONS` finds a collection of this name."""
    return name.startswith(_EVENTS_PREFIX)


def event_id(product: int, time_ms: int, partition: int, offset: int, generation: int) -> Id:
    """`_id` in `events_*`. The product comes first, then the time: one product's time span is one range of `_id`."""
    return {"p": product, "t": time_ms, "k": partition, "o": offset, "g": generation}


def events_of(product: int) -> Document:
    """The filter of one product's events in `events_*`: one range of `_id`."""
    return {"_id": {"$gte": {"p": product, "t": MinKey()}, "$lte": {"p": product, "t": MaxKey()}}}


_OFFSET_BITS = 44
"""44 bits for the offset and 19 for the partition share the 63 bits of a positive integer in MongoDB. 2^44 offsets last
one partition 203 days at a million events a second. One bit more for either halves the other."""


def replayed_offset(partition: int, offset: int) -> int:
    """The `o` of a replayed event: its dead letter's partition and offset as one number, unique under partition -1.

    `offset` must be below 2^44 and `partition` below 2^19. Partition 1, offset 5 gives 2^44 + 5.
    """
    return partition << _OFFSET_BITS | offset


def replayed_source(replayed: int) -> tuple[int, int]:
    """The inverse of `replayed_offset`: partition and offset of the dead letter."""
    return replayed >> _OFFSET_BITS, replayed & ((1 << _OFFSET_BITS) - 1)


def place_name(place: Document) -> str:
    """The name of an event's place (`k`, `o` and `g`) for a person: `PARTITION:OFFSET:GENERATION`, and of a replayed
    event that of its letter."""
    if place["k"] != REPLAYED_PARTITION:
        return f"{place['k']}:{place['o']}:{place['g']}"
    partition, offset = replayed_source(place["o"])
    return f"the replayed letter {partition}:{offset}:{place['g']}"


# rollups --------------------------------------------------------------------------------------------------------------
#
# Sums of one product, one hour and one Kafka partition, at three levels: the hour, its ten-minute blocks (`b.<block>`,
# 0 to 5) and their minutes (`b.<block>.m.<minute>`, 0 to 59). A reader of the last hour takes, of the hour in which it
# began, at most 9 minutes and 5 blocks, and the hours after that whole, however many events there were. The seconds of
# the minute in which it began come from the raw events.
#
#     {_id: {p: 3, h: 498897, k: 0},
#      amount: Decimal128("1000.500000"), units: 10, sales: 1, ratings: 1, rating_sum: Decimal128("4.50"), r9: 1,
#      b: {"5": {amount: ..., units: 10, sales: 1, ratings: 1, rating_sum: ..., r9: 1,
#                m: {"58": {amount: ..., units: 10, sales: 1, ratings: 1, rating_sum: ..., r9: 1}}}}}

ROLLUPS = "rollups"


def rollup_id(product: int, hour: int, partition: int) -> Id:
    """`_id` in `rollups`."""
    return {"p": product, "h": hour, "k": partition}


def block_path(minute: int) -> str:
    """Path, in its hour's document, of the ten-minute block that holds `minute` (since 1970): `b.5`."""
    return f"b.{minute % 60 // 10}"


def minute_path(minute: int) -> str:
    """Path of `minute` (since 1970) in its hour's document: `b.5.m.58`."""
    return f"{block_path(minute)}.m.{minute % 60}"


# totals ---------------------------------------------------------------------------------------------------------------
#
# Sums over all products. A document for each hour has the levels of `rollups`; a document for each minute has the sums
# of its seconds (`s.<second>`, 0 to 59), with which a reader cuts the last hour to the second.
#
#     {_id: {h: 498897, k: 0}, amount: ..., b: {"5": {amount: ..., m: {"58": {amount: ...}}}}}
#     {_id: {m: 29933878, k: 0}, s: {"48": {amount: Decimal128("1000.500000"), units: 10, sales: 1, ...}}}

TOTALS = "totals"


def hour_total_id(hour: int, partition: int) -> Id:
    """`_id` of an hour in `totals`."""
    return {"h": hour, "k": partition}


def minute_total_id(minute: int, partition: int) -> Id:
    """`_id` of a minute in `totals`."""
    return {"m": minute, "k": partition}


def second_path(second: int) -> str:
    """Path of `second` (since 1970) in its minute's document: `s.48`."""
    return f"s.{second % 60}"


# rollup_days, total_days ----------------------------------------------------------------------------------------------
#
# Sums of sealed days. Once a UTC day is old enough, consumers fold its documents of `rollups` into one for each product
# and partition, and its documents of `totals` into one for each partition, and delete what they folded, in the same
# transaction. A late event makes a new document of its hour, which the next sealing folds in. So a day's sums are
# always those of its sealed document and of its hours together; whoever adds them up reads both at one moment.
#
#     {_id: {p: 3, d: 20787, k: 0}, amount: Decimal128("1000.500000"), units: 10, sales: 1, ratings: 1, rating_sum: ...,
#      r9: 1, q: {"39": {amount: Decimal128("1000.500000"), units: 10, sales: 1, ratings: 1, rating_sum: ..., r9: 1}}}
#     {_id: {d: 20787, k: 0}, amount: ..., q: {"39": {amount: ..., ...}}}
#
# Quarter hours are kept because the full hours of some time zones begin at :30 or :45 of an hour of UTC.

ROLLUP_DAYS = "rollup_days"
TOTAL_DAYS = "total_days"


def rollup_day_id(product: int, day: int, partition: int) -> Id:
    """`_id` in `rollup_days`."""
    return {"p": product, "d": day, "k": partition}


def total_day_id(day: int, partition: int) -> Id:
    """`_id` in `total_days`."""
    return {"d": day, "k": partition}


def quarter_path(quarter: int) -> str:
    """Path of a quarter hour (since 1970) in its day's document: `q.39`."""
    return f"q.{quarter % 96}"


# products -------------------------------------------------------------------------------------------------------------
#
# What is known of one product from one Kafka partition, over all time. The API takes averages from it, and a product is
# known to the API when it has a document here.
#
#     {_id: {p: 3, k: 0},
#      latest: {t: 1796032728954, o: 1, name: "Chair", key: "chair"},
#      latest_rated: {t: 1796032728954, o: 1, name: "Chair", category: "Furniture"},
#      first_seen: 1796032728954,
#      ratings: 1, rating_sum: Decimal128("4.50"), histogram: {"9": 1}}
#
# `latest` has the name that the newest event gave the product, `latest_rated` name and category by its newest rating. A
# sale with the known name does not write `latest`, so its time may be older than the newest event's; its name is right.
# `key` is the name as searches compare it (`shared.name_key`); a consumer of schema version 2 writes `latest` without
# it, and the others add it within a minute (`shared.name_index`).
# `first_seen` is the time of the oldest event, in UTC milliseconds. `histogram` counts the ratings by the bins of
# `BIN_FIELDS`: 4.5 in bin 9. A product without ratings has only `latest` and `first_seen`.

PRODUCTS = "products"

NAMES_INDEX = {"latest.key": 1, "_id.p": 1, "_id.k": 1}
"""The index by which products are found by their names: in the order of the answer, and with all that a search needs to
know of a document before it reads it."""


def product_id(product: int, partition: int) -> Id:
    """`_id` in `products`."""
    return {"p": product, "k": partition}


# rejected_events ------------------------------------------------------------------------------------------------------
#
# The dead letters: one document for each message that the contract rejected, with its bytes.
#
#     {_id: {topic: "analytics", g: 1, k: 0, o: 2},
#      reason: "bad_amount", detail: "amount: -5 is less than 0",
#      state: "new", rejected_at: ISODate("2026-11-30T09:58:56.160Z"), timestamp_ms: 1796032728954,
#      key: BinData("3"), value: BinData('{"event":"productSold", ...}'), headers: [], truncated: false}
#
# `reason` is a `shared.events.Reason`, or one of `RETIRED_REASONS`. A letter whose event has the id of one that was
# counted before has `first`: {p, i, t, k, o, g}, the id `i` and the place of that one. `timestamp_ms` is the message's
# time in Kafka, `headers` a list of [name, bytes] pairs. A message of more than 1 MiB is cut, with `truncated`: true,
# `key_bytes` and `value_bytes` (the whole lengths), `value_sha256`, and `headers_left_out`: how many headers the letter
# lacks, null where Kafka's client cannot say it.
# `copy_pending`: true while the letter waits for its copy in the dead-letter topic; `copy_refused`: true when Kafka did
# not take the copy. A replay adds `replayed_at`, `replayed_by` (the replay's id) and `replayed_as` (the event's `_id`),
# and `replayed_as_new`: true where a person had it counted whatever its id; an operator who discards a letter adds
# `discarded_at` and perhaps `note`.

REJECTED_EVENTS = "rejected_events"


class LetterState(StrEnum):
    """What became of a dead letter: the field `state` in `rejected_events`."""

    NEW = "new"
    """Nobody has decided about it yet."""
    REPLAYED = "replayed"
    """An operator replayed it and the contract accepted it: it is also a raw event, under partition -1."""
    DISCARDED = "discarded"
    """An operator decided that it is not worth replaying."""


def rejected_id(topic: str, generation: int, partition: int, offset: int) -> Id:
    """`_id` in `rejected_events`."""
    return {"topic": topic, "g": generation, "k": partition, "o": offset}


def coordinates_of(letter: Document) -> str:
    """The name of a dead letter for a person: `PARTITION:OFFSET:GENERATION`."""
    identity = letter["_id"]
    return f"{identity['k']}:{identity['o']}:{identity['g']}"


# event_ids ------------------------------------------------------------------------------------------------------------
#
# One document for each event that counted and has an `event_id`, until `EVENT_ID_DAYS` are over. An event of the same
# product with the same id is not counted again. The transaction that stores the event inserts its id: a second consumer
# that stores an event with the same id at the same time fails, asks again, and finds it.
#
#     {_id: {p: 3, i: "order-4711-line-2"}, t: 1796032728954, k: 0, o: 0, g: 1,
#      fingerprint: BinData(0, "oN3yR2h0c1Zp1bq0jX2m8Q=="), at: ISODate("2026-11-30T09:58:49.010Z")}
#
# `p`, `t`, `k`, `o` and `g` are the `_id` of the raw event that counted. `fingerprint` follows from the event's
# content: with another one, the same id is a conflict and not a duplicate. `at` is what the clock showed that the event
# was judged by; it counts anew exactly `EVENT_ID_DAYS` later. A TTL index takes the document an hour after that.

EVENT_IDS = "event_ids"
EVENT_IDS_TTL = "at"
"""The name of the TTL index."""
EVENT_ID_DAYS = 7
"""So long ids are remembered unless `EVENT_ID_DAYS` says otherwise. Producers' queues and their operators' repairs
replay what is hours or days old. At twice of it, twice as many ids are stored (some 150 bytes each, with two indexes);
at half, what a producer publishes again after a long weekend counts twice."""
EVENT_ID_SPARE_SECONDS = 3_600
"""So much longer than their days MongoDB keeps ids, because it deletes them by its own clock: a consumer's may be 30 s
behind it, a batch may wait for minutes, and an audit reads a day for up to 240 s. At twice of it, an hour's more ids
are stored; at half, a consumer that was suspended for that long may count an id anew some moments early."""


def expiry_seconds(days: int) -> int:
    """`expireAfterSeconds` of the TTL index where ids count for so many days."""
    return days * DAY_MS // 1000 + EVENT_ID_SPARE_SECONDS


def event_id_key(product: int, event_id: str) -> Id:
    """`_id` in `event_ids`."""
    return {"p": product, "i": event_id}


# recent_sums ----------------------------------------------------------------------------------------------------------
#
# What each batch added to the sums, written by the batch's own transaction: one document for each partition of it. An
# instance of the API that ranks products follows these documents from the offset on at which it read the sums, so it
# need not read the sums of all products again. A row is one product's minute; each column holds the rows' numbers
# (`shared.columns`), and a column of zeros is absent.
#
#     {_id: {k: 0, g: 1, o: 0}, to: 2, at: ISODate("2026-11-30T09:58:49.010Z"), rows: 1, first_minute: 29933878,
#      product: <3>, amount: <1000500000>, units: <10>, sales: <1>, ratings: <1>, rating_sum: <450>}
#
# `o` is the partition's `next_offset` before the batch and `to` the one after it, so the documents of a partition
# follow each other without a gap. Of replayed letters `k` is -1, `g` 0, and the offsets are those of `replays`: its
# `count` before and after. `minute` counts from `first_minute`; amounts are in millionths, ratings in hundredths. A TTL
# index takes a document `RECENT_SECONDS` after `at`, when its messages were taken.

RECENT_SUMS = "recent_sums"
RECENT_SUMS_TTL = "at"
"""The name of the TTL index."""
RECENT_SECONDS = 600
"""So long a batch's document is kept. Who follows them first reads the sums at one moment, for which MongoDB has 300 s
(`minSnapshotHistoryWindowInSeconds`), and then every document since. With half of it, a read of so long would find that
the first documents are gone, and begin anew; with twice, twice as many are stored (some 15 bytes a row)."""


REPLAYS_GENERATION = 0
"""The `g` of what replays added: partition -1 is never created again."""


def recent_sums_id(partition: int, generation: int, offset: int) -> Id:
    """`_id` in `recent_sums`."""
    return {"k": partition, "g": generation, "o": offset}


# partitions -----------------------------------------------------------------------------------------------------------
#
# How far each Kafka partition is handled, and whose it is. A claim raises `epoch`. A batch moves `next_offset` in the
# transaction that stores its events, and only while `epoch` and `next_offset` are what the consumer knows: otherwise
# another consumer has claimed the partition, and the batch is not written.
#
#     {_id: {group: "analytics", topic: "analytics", k: 0},
#      next_offset: 3, first_offset: 0, epoch: 1,
#      owner: "host-10001-e9c5c389", lsid: {id: UUID("...")}, topic_id: "18lManG0RxKMpzOUNjb/+Q", generation: 1}
#
#     next_offset     the offset after the last handled message: where reading goes on
#     first_offset    where this generation began; every message from here to next_offset is an event or a dead letter
#     epoch           counts the claims; a write under an older epoch matches nothing, so its writer is fenced
#     owner, lsid     the process that claimed last, and its session, by which the next claim ends its open transaction
#     topic_id        Kafka's id of the topic, which changes when the topic is recreated
#     generation      1, and one more each time an operator accepts that the topic was recreated or lost offsets
#     read_to         optional: from next_offset to here Kafka holds nothing that a consumer gets, only transaction
#                     markers and aborted records, so retention may take these offsets
#     past            optional: {generation, first_offset, next_offset, topic_id} of each earlier generation
#     repairs         optional: counts repairs by the audit, which thereby conflict with a batch of this partition

PARTITIONS = "partitions"


def partition_id(group: str, topic: str, partition: int) -> Id:
    """`_id` in `partitions` and `partition_status`."""
    return {"group": group, "topic": topic, "k": partition}


# partition_status -----------------------------------------------------------------------------------------------------
#
# Up to when each partition is counted, for `Data-As-Of` and for operators. Its owner writes it once a second, outside
# transactions and at w: 1, since a lost write is replaced a second later.
#
#     {_id: {group: "analytics", topic: "analytics", k: 0},
#      caught_up_at: ISODate("2026-11-30T09:58:58.323Z"), lag: 0, at: ISODate("2026-11-30T09:58:58.323Z")}
#
# `caught_up_at`: everything that Kafka had at this moment is stored. `lag` counts the offsets up to the high watermark
# that are not stored yet, null while unknown. `at` is when the document was written. Until its partition is caught up
# for the first time, a document lacks `caught_up_at`. `held_back_since: ISODate(...)` is there while an open Kafka
# transaction holds the partition back: since when its owner has seen it. `halted`: {kind, reason, at}, why a consumer
# stopped reading the partition at that moment, where MongoDB refuses what it writes; the note is over once `at` of the
# document is later.

PARTITION_STATUS = "partition_status"


# maintenance ----------------------------------------------------------------------------------------------------------
#
# One document for each duty that processes share, by name.
#
#     {_id: "schema", version: 1}                                 the version of what the database holds: shared.schema
#     {_id: "retention", dropped_before: 20385,                   days before this one (since 1970) are dropped
#      owner: "host-10001-e9c5c389", until: ISODate(...),         the lock of the consumer that is dropping days
#      replays: 4}                                                replays change it too, so none stores an event in a
#                                                                 day that is being dropped
#     {_id: "keeper host-10001-e9c5c389", days: 400,              how many days that consumer keeps; it counts until
#      until: ISODate(...)}                                       `until`, which the consumer moves on every hour
#     {_id: "event_ids", days: 7, since: ISODate(...)}            the ids of all events stored since then have been
#                                                                 recorded, and are kept so long:
#                                                                 shared.event_id_window
#     {_id: "replays", count: 17, repairs: 0}                     replays and repairs of partition -1 change it first,
#                                                                 so that they run one after another
#     {_id: "replayer", lsid: {id: UUID("...")}}                  the session of the last replay; the next one ends the
#                                                                 transaction that it may have left open
#     {_id: "repairer", lsid: {id: UUID("...")}}                  the same of the last repair
#     {_id: "sealer 0", lsid: {id: UUID("...")}}                  the session of the consumer that seals old days of
#                                                                 partition 0; the next one ends its transaction

MAINTENANCE = "maintenance"
SCHEMA = "schema"
RETENTION = "retention"
REPLAYS = "replays"
REPLAYER = "replayer"
REPAIRER = "repairer"


def sealer_id(partition: int) -> str:
    """`_id` in `maintenance` of the note who seals a partition's days."""
    return f"sealer {partition}"


def first_kept_day(retention: Mapping[str, Any] | None) -> int:
    """The first day since 1970 (UTC) whose raw events retention has not dropped; 0 when it has dropped none.

    `retention` is the document `RETENTION` of `maintenance`, None where it is missing. Retention writes this day before
    it drops a collection. So whoever reads a day's events first and asks this afterwards knows whether the day may have
    been dropped meanwhile.
    """
    return int((retention or {}).get("dropped_before", 0))


# <database>_access: api_tokens, token_uses ----------------------------------------------------------------------------
#
# What each token of the API allows, written by the tokens' command, and when it was last used: all that the API writes.
# The `_id` of both is the SHA-256 (hex) of the token's `jti`; neither the token nor its `jti` is stored.
#
#     api_tokens  {_id: "111526c6...", name: "dashboard", scopes: ["ratings:read", "sales:read"],
#                  products: null, networks: null, idle_seconds: null, key_id: "main",
#                  created_at: ISODate(...), expires_at: ISODate(...), revoked_at: null, replaced_by: null}
#     token_uses  {_id: "111526c6...", last_used_at: ISODate(...)}
#
# `products` lists the product ids that the token may read, `networks` the networks from which it may be used; null
# allows all. `idle_seconds`: the token ends once it was not used for so long. `replaced_by`: its successor's `_id`.

ACCESS_SUFFIX = "_access"
API_TOKENS = "api_tokens"
TOKEN_USES = "token_uses"  # noqa: S105
