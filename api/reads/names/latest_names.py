"""What products are called by their newest events, and the keys by which searches find them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from api.reads.database import MongoReader
from api.reads.names.queries import Keys
from api.reads.products.newest import Event, named, rows_and_newest

AT_ONCE: Final = 200
"""Products that one query asks for. A query about disputed names has two stages for each product, and MongoDB takes
1,000 stages at most. With half as many, a page of 100, which asks for the product behind it too, takes two queries."""


class LatestName(NamedTuple):
    """What a product is called, and where searches find it."""

    name: str
    """By its newest event."""
    category: str | None
    """By its newest rating; None for a product that nobody has rated."""
    key: str | None
    """The key of `name`; None while no document has it, in the minute after an older consumer has written the name."""
    stored_keys: frozenset[str]
    """The keys of all its documents: `key`, and those of older names, of partitions that saw the product last then."""

    def key_among(self, keys: Keys) -> str | None:
        """The key by which the product's place among `keys` is found again: that of its latest name, and where that is
        not one of them, the last of those of older names. None: it has no place among them."""
        if self.key is not None and keys.have(self.key):
            return self.key
        return max(filter(keys.have, self.stored_keys), default=None)


async def latest_names(mongo: MongoReader, products: Sequence[int]) -> dict[int, LatestName]:
    """The latest names of the products, without those that no event has named. Raises DatabaseUnavailable.

    A document's name is that of its partition's newest event, but its time may be older: a sale by the known name does
    not write it. So where a product's documents have different names, the newest raw event says which one it has.
    """
    found: dict[int, LatestName] = {}
    for start in range(0, len(products), AT_ONCE):
        rows, newest = await rows_and_newest(mongo, products[start : start + AT_ONCE])
        for product, documents in rows.items():
            latest = _latest_name(documents, newest.get(product))
            if latest is not None:
                found[product] = latest
    return found


def _latest_name(documents: Sequence[Mapping[str, Any]], newest: Event | None) -> LatestName | None:
    name, category = named(documents, newest)
    if name is None:
        return None
    latest = [document["latest"] for document in documents if "latest" in document]
    keys = [(one["name"], one["key"]) for one in latest if "key" in one]
    key = max((key for of_name, key in keys if of_name == name), default=None)
    return LatestName(name, category, key, frozenset(key for _, key in keys))
