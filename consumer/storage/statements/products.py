"""A product's increments -> the statement or the document of `products`. Pure.

    {_id: {p, k}, latest: {t, o, name, key}, latest_rated: {t, o, name, category}, first_seen, ratings, rating_sum,
     histogram: {9: 2}}
    {q: {_id: {p, k}}, u: {$max: {latest, latest_rated}, $min: {first_seen}, $inc: {ratings, rating_sum, histogram.9}},
     upsert: true}

`$max` and `$min` make the order of batches irrelevant: `$max` compares the subdocument `latest` field by field, so the
later time wins, then the higher offset. `key` stands last, behind the name that it follows from, so it decides nothing
but where a consumer of the version before has written the same event without it: a longer document is greater.
"""

from struct import Struct
from typing import Final

from consumer.batches.increments import Latest, ProductIncrements
from consumer.batches.sums import Sums
from consumer.storage.statements.bins import bin_fields
from consumer.storage.statements.bson_parts import INT64, decimal, embedded, increment, integer, text, upsert
from shared.documents import RATING_DECIMALS
from shared.name_key import name_key

_LATEST: Final = Struct("<i 3s q 3s q 6s i")
"""Of a `Latest`: its length, `12 t` and the time, `12 o` and the offset, `02 name` and the length of the name."""


def product_update(product: int, partition: int, added: ProductIncrements, latest: Latest) -> bytes:
    """The upsert that adds to a product's document. `latest` is the newest event known, in the batch or before it."""
    changes = b"\x03$max\0" + embedded(_newest(added, latest)) + b"\x03$min\0" + embedded(_first_seen(added))
    if added.is_rated:
        sums = added.sums
        changes += increment(_ratings(sums) + bin_fields(b"histogram.", sums.bins))
    return upsert(integer(b"p", product) + integer(b"k", partition), changes)


def product_document(product: int, partition: int, added: ProductIncrements, latest: Latest) -> bytes:
    """The document that begins a product; `latest` is `added.latest`, which callers have at hand."""
    identity = integer(b"p", product) + integer(b"k", partition)
    fields = _newest(added, latest) + _first_seen(added)
    if added.is_rated:
        sums = added.sums
        fields += _ratings(sums) + b"\x03histogram\0" + embedded(bin_fields(b"", sums.bins))
    return embedded(b"\x03_id\0" + embedded(identity) + fields)


def _newest(added: ProductIncrements, latest: Latest) -> bytes:
    """`latest`, and `latest_rated` where there was a rating."""
    fields = b"\x03latest\0" + _latest(latest, text(b"key", name_key(latest.name)))
    rated = added.latest_rated
    if rated is not None:
        fields += b"\x03latest_rated\0" + _latest(rated, text(b"category", rated.category))
    return fields


def _first_seen(added: ProductIncrements) -> bytes:
    return b"\x12first_seen\0" + INT64(added.first_seen_ms)


def _ratings(sums: Sums) -> bytes:
    """`ratings` and `rating_sum`."""
    return integer(b"ratings", sums.ratings) + decimal(b"rating_sum", sums.rating_sum, RATING_DECIMALS)


def _latest(latest: Latest, more: bytes) -> bytes:
    """The document of a `Latest`, with the elements `more` after its name."""
    name = latest.name.encode()
    size = _LATEST.size + len(name) + 1 + len(more) + 1
    return (
        _LATEST.pack(size, b"\x12t\0", latest.time_ms, b"\x12o\0", latest.offset, b"\x02name\0", len(name) + 1)
        + name + b"\0" + more + b"\0"
    )  # fmt: skip
