"""Products by the beginning of their names, a page at a time."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.latest_names import LatestName, LatestNames
from api.reads.name_queries import Keys, Place, places
from shared.documents import NAMES_INDEX, PRODUCTS
from shared.errors import DatabaseUnavailable

MOST_AT_ONCE: Final = 8
"""Searches that one instance runs at once; the others wait. Each keeps MongoDB busy for a millisecond or two. With
twice as many, a burst of them delays the readers of sales for longer; with half, a search waits longer in a burst."""
MOST_LOOKED_AT: Final = 400
"""After so many products a page ends, though it has fewer than were asked for: the others had such a name once, in a
partition that saw them last then, and have another one. They cost some 60 microseconds each. At twice of it, such a
page takes some 50 ms; at half, a client asks for twice as many of them."""
_MORE_EACH_ROUND: Final = 4
"""By so much a search reads on where the places that it read were not enough: with a topic of twelve partitions and no
keys, each product has up to twelve. At twice, it reads more than it needs; at half, it makes more round trips."""


class Search(NamedTuple):
    """What a client looks for."""

    key: str
    """The names whose keys begin so. Empty: all names."""
    limit: int
    after: int | None = None
    """The product that the page before ended with."""
    products: frozenset[int] | None = None
    """The products among which it looks; None: all."""


class FoundProduct(NamedTuple):
    """A product whose latest name is as the search wants it."""

    product: int
    name: str
    category: str | None


class Page(NamedTuple):
    """The products found, in the order of their names' keys, and of their ids where the keys are equal."""

    products: Sequence[FoundProduct]
    next: int | None
    """The `after` by which the search goes on; None: there is nothing behind this page."""
    as_of: str | None
    """The time up to which names are complete, in RFC 3339. None when it is unknown."""


class SearchReader:
    """Finds products by names. First the as-of, then the index of names, then the documents of what was found there.

    The index and the documents are not read at one moment: a product that gets a new name in between is missing on the
    page, and one that gets a new name between two pages may come twice or not at all. What is listed had the name and
    the place that it is listed with.

    A search ends within `deadline` seconds. Where there is no index of names, because no consumer of this version has
    run yet, MongoDB refuses the hint.
    """

    def __init__(self, mongo: MongoReader, freshness: Freshness, names: LatestNames, deadline: float) -> None:
        self._mongo = mongo
        self._freshness = freshness
        self._names = names
        self._deadline = deadline
        self._turn = asyncio.Semaphore(MOST_AT_ONCE)

    async def page(self, search: Search) -> Page | None:
        """One page of what the search finds; None where `search.after` has no place among it, because there is no such
        product or it has another name. Raises DatabaseUnavailable, SchemaNewer."""
        try:
            async with asyncio.timeout(self._deadline), self._turn:
                return await self._page(search)
        except TimeoutError:
            raise DatabaseUnavailable(f"a search took more than {self._deadline:g} s") from None

    async def _page(self, search: Search) -> Page | None:
        as_of = await self._freshness.as_of()
        keys = Keys.beginning_with(search.key)
        after = None
        if search.after is not None:
            after = await self._place(search.after, keys)
            if after is None:
                return None
        if search.products is not None:
            found = await self._among(search.products, keys, after)
            products, following = found[: search.limit], None
            if len(found) > search.limit:
                following = products[-1].product
        else:
            products, following = await self._find(keys, after, search.limit)
        return Page(products, following, as_of)

    async def _place(self, product: int, keys: Keys) -> Place | None:
        """Where a product stands among `keys`, for the page behind it."""
        name = (await self._names.of_products([product])).get(product)
        key = None if name is None else name.key_among(keys)
        return None if key is None else Place(key, product)

    async def _among(self, products: frozenset[int], keys: Keys, after: Place | None) -> list[FoundProduct]:
        """What is found among some products. Costs as much as reading all of them, whatever they are called."""
        names = await self._names.of_products(sorted(products))
        found = [
            (Place(name.key, product), FoundProduct(product, name.name, name.category))
            for product, name in names.items()
            if name.key is not None and keys.have(name.key)
        ]
        return [one for place, one in sorted(found) if after is None or place > after]

    async def _find(self, keys: Keys, after: Place | None, limit: int) -> tuple[list[FoundProduct], int | None]:
        """The next products behind `after`, and by which product the search goes on behind them.

        It reads on until it has one product more than the page, which is how it knows that there is another page.
        """
        found: list[FoundProduct] = []
        resumable: int | None = None
        looked_at, rows_wanted = 0, limit + 1
        while True:
            rows = await self._mongo.aggregate("search", PRODUCTS, places(keys, after, rows_wanted), NAMES_INDEX)
            read = list(dict.fromkeys(Place(row["key"], row["p"]) for row in rows))
            names = await self._names.of_products(list({place.product for place in read}))
            for place in read:
                name = names.get(place.product)
                if name is not None and name.key == place.key:
                    found.append(FoundProduct(place.product, name.name, name.category))
                if len(found) > limit:
                    return found[:limit], found[limit - 1].product
                if name is not None and name.key_among(keys) == place.key:
                    resumable = place.product
            if len(rows) < rows_wanted:
                return found, None
            looked_at += len(read)
            if looked_at >= MOST_LOOKED_AT and resumable is not None:
                return found, resumable
            after, rows_wanted = read[-1], min(rows_wanted * _MORE_EACH_ROUND, MOST_LOOKED_AT)
