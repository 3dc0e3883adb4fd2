"""One partition's increments -> a document of `recent_sums`: what a batch added, by product and minute. Pure.

A row is a product's minute. Rows are ordered by product and minute, and lie in columns (`shared.columns`):

    {_id: {k, g, o}, to, at, rows: 3, first_minute: 29933851,
     product: <3, 3, 12>, minute: <0, 1, 0>,
     amount: <...>, units: <...>, sales: <...>, ratings: <...>, rating_sum: <...>}

A column of zeros is left out. A batch that adds nothing, such as one of dead letters, has a document without columns
all the same: those who read one after the other must find each offset.
"""

from datetime import datetime
from typing import Any

import bson

from consumer.batches.increments import Increments
from consumer.storage.statements.bson_parts import embedded, integer
from shared.columns import packed
from shared.documents import SUMS


def recent_fields(increments: Increments, end: int, at: datetime) -> bytes:
    """The elements of the document but for `_id`, which says where the batch begins: that is known for certain only in
    its transaction. `end` is the offset after the batch, `at` when its messages were taken."""
    rows = [
        (product, minute, sums)
        for product, added in sorted(increments.products.items())
        for minute, sums in (sorted(added.minutes.items()) if len(added.minutes) > 1 else added.minutes.items())
    ]
    document: dict[str, Any] = {"to": end, "at": at, "rows": len(rows)}
    if rows:
        first_minute = min(minute for _, minute, _ in rows)
        columns = {
            "product": packed([product for product, _, _ in rows]),
            "minute": packed([minute - first_minute for _, minute, _ in rows]),
        } | {name: packed([getattr(sums, name) for _, _, sums in rows]) for name in SUMS}
        document |= {"first_minute": first_minute} | {name: column for name, column in columns.items() if column}
    return bson.encode(document)[4:-1]


def recent_document(partition: int, generation: int, first: int, fields: bytes) -> bytes:
    """The document of a batch whose first offset is `first`, with what `recent_fields` made."""
    identity = integer(b"k", partition) + integer(b"g", generation) + integer(b"o", first)
    return embedded(b"\x03_id\0" + embedded(identity) + fields)
