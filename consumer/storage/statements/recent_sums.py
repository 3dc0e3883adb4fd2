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
from consumer.batches.sums import Sums
from consumer.storage.statements.bson_parts import embedded, integer
from shared.columns import packed


def recent_fields(increments: Increments, end: int, at: datetime) -> bytes:
    """The elements of the document but for `_id`, which says where the batch begins: that is known for certain only in
    its transaction. `end` is the offset after the batch, `at` when its messages were taken."""
    products: list[int] = []
    minutes: list[int] = []
    rows: list[Sums] = []
    for product, added in sorted(increments.products.items()):
        if len(added.minutes) == 1:
            products.append(product)
            minutes.append(added.last_at)
            rows.append(added.last_minute)
            continue
        for minute, sums in sorted(added.minutes.items()):
            products.append(product)
            minutes.append(minute)
            rows.append(sums)
    document: dict[str, Any] = {"to": end, "at": at, "rows": len(rows)}
    if rows:
        document["first_minute"] = first_minute = min(minutes)
        columns = {
            "product": products,
            "minute": [minute - first_minute for minute in minutes],
            "amount": [sums.amount for sums in rows],
            "units": [sums.units for sums in rows],
            "sales": [sums.sales for sums in rows],
            "ratings": [sums.ratings for sums in rows],
            "rating_sum": [sums.rating_sum for sums in rows],
        }
        document |= {name: packed(column) for name, column in columns.items() if any(column)}
    return bson.encode(document)[4:-1]


def recent_document(partition: int, generation: int, first: int, fields: bytes) -> bytes:
    """The document of a batch whose first offset is `first`, with what `recent_fields` made."""
    identity = integer(b"k", partition) + integer(b"g", generation) + integer(b"o", first)
    return embedded(b"\x03_id\0" + embedded(identity) + fields)
