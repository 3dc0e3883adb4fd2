"""The latest name and category of products, over all partitions in which they were seen."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from api.reads.database import MongoReader
from api.reads.name_queries import Keys, names_of
from shared.documents import PRODUCTS, Document

NewestNames: TypeAlias = Callable[[Sequence[int]], Awaitable[Mapping[int, str]]]
"""The names in the newest raw events of products. A product of which no raw event is left is absent."""

AT_ONCE: Final = 200
"""Products that one query asks for, as in a batch of sales: half as many make it more queries, twice as many let the
first of them wait longer."""


class LatestName(NamedTuple):
    """What a product is called by its newest event, and where searches find it."""

    name: str
    category: str | None
    """By the newest rating; None for a product that nobody has rated."""
    key: str | None
    """The key of `name`; None while no document has it, in the minute after an older consumer has written the name."""
    stored_keys: frozenset[str]
    """The keys of all its documents: with `key` also those of names that it had, in partitions that saw it last then."""

    def key_among(self, keys: Keys) -> str | None:
        """The key by which the product's place among `keys` is found again: that of its latest name, and where that is
        not one of them, the last of those of older names. None: it has no place among them."""
        if self.key is not None and keys.have(self.key):
            return self.key
        return max(filter(keys.have, self.stored_keys), default=None)


class LatestNames:
    """Reads latest names.

    A document's name is that of its partition's newest event, but its time may be older: a sale by the known name does
    not write it. So where a product's documents have different names, their times do not say which one is the latest;
    `newest` looks at the raw events themselves.
    """

    def __init__(self, mongo: MongoReader, newest: NewestNames) -> None:
        self._mongo = mongo
        self._newest = newest

    async def of_products(self, products: Sequence[int]) -> dict[int, LatestName]:
        """The latest names of the products; one that no event has named is absent. Raises DatabaseUnavailable."""
        documents: dict[int, list[Document]] = defaultdict(list)
        for start in range(0, len(products), AT_ONCE):
            for row in await self._mongo.find("names", PRODUCTS, names_of(products[start : start + AT_ONCE])):
                if "name" in row.get("latest", {}):
                    documents[row["p"]].append(row)
        disputed = [product for product, rows in documents.items() if len({_name(row) for row in rows}) > 1]
        newest = await self._newest(disputed) if disputed else {}
        return {product: _latest_name(rows, newest.get(product)) for product, rows in documents.items()}


def _latest_name(rows: Sequence[Document], newest: str | None) -> LatestName:
    """What the documents of a product say. `newest` is the name in its newest event where they say different names;
    None also where retention has dropped that event: then the latest time that a document has decides."""
    name = newest or _name(max(rows, key=lambda row: _order(row, "latest")))
    rated = [row for row in rows if "latest_rated" in row]
    newest_rating = max(rated, key=lambda row: _order(row, "latest_rated"), default=None)
    with_key = [row["latest"] for row in rows if "key" in row["latest"]]
    return LatestName(
        name=name,
        category=None if newest_rating is None else newest_rating["latest_rated"]["category"],
        key=max((latest["key"] for latest in with_key if latest["name"] == name), default=None),
        stored_keys=frozenset(latest["key"] for latest in with_key),
    )


def _name(row: Document) -> str:
    name: str = row["latest"]["name"]
    return name


def _order(row: Document, field: str) -> tuple[Any, ...]:
    """Time, partition and offset of an event that a document keeps: the greatest is the newest, as among raw events."""
    return row[field]["t"], row["k"], row[field]["o"]
