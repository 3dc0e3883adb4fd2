"""Products by the beginning of their names, a page at a time."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final, NamedTuple

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.names.latest_names import latest_names
from api.reads.names.queries import Keys, Place, places
from shared.documents import NAMES_INDEX, PRODUCTS
from shared.errors import DatabaseUnavailable

MOST_AT_ONCE: Final = 8
"""Searches that one instance runs at once; the others wait. Each keeps MongoDB busy for a millisecond or two. With
twice as many, a burst of them delays the readers of sales for longer; with half, a search waits longer in a burst."""
MOST_LOOKED_AT: Final = 200
"""After so many products a page ends, though it has fewer than were asked for: the others had such a name once, in a
partition that saw them last then, and have another one. One of them costs some 300 microseconds. At twice of it, such a
page takes over 100 ms; at half, a client asks for twice as many of them."""
_MOST_ROWS: Final = 1_200
"""Entries of the index that one query reads at most: a full page of a topic with twelve partitions and without keys,
where each product has an entry for each partition. Twice as many would be read in vain; half make it two queries."""
_MORE_EACH_ROUND: Final = 4
"""By so much a search reads on where the entries that it read were not enough. At twice, it reads more than it needs;
at half, it makes more round trips."""


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
    """Finds products by names: first the as-of, then the index of names, then the documents of what was found there.

    One page shows the database as it was at one moment. A product that gets a new name between two pages may come on
    both of them or on none.

    A search ends within `deadline` seconds. Where there is no index of names, because no consumer of this version has
    run yet, MongoDB refuses the hint, and the search raises DatabaseUnavailable.
    """

    def __init__(self, mongo: MongoReader, freshness: Freshness, deadline: float) -> None:
        self._mongo = mongo
        self._freshness = freshness
        self._deadline = deadline
        self._turn = asyncio.Semaphore(MOST_AT_ONCE)

    async def page(self, search: Search) -> Page | None:
        """One page of what the search finds; None where `search.after` has no place among it, because there is no such
        product or it has another name. Raises DatabaseUnavailable, SchemaNewer."""
        try:
            async with asyncio.timeout(self._deadline), self._turn:
                as_of = await self._freshness.as_of()
                async with self._mongo.at_one_moment() as moment:
                    return await _page(moment, search, as_of)
        except TimeoutError:
            raise DatabaseUnavailable(f"a search took more than {self._deadline:g} s") from None


async def _page(mongo: MongoReader, search: Search, as_of: str | None) -> Page | None:
    keys = Keys.beginning_with(search.key)
    after = None
    if search.after is not None:
        after = await _place_of(mongo, search.after, keys)
        if after is None:
            return None
    if search.products is not None:
        found = await _among(mongo, search.products, keys, after)
        following = found[search.limit - 1].product if len(found) > search.limit else None
        return Page(found[: search.limit], following, as_of)
    return Page(*await _next(mongo, keys, after, search.limit), as_of)


async def _place_of(mongo: MongoReader, product: int, keys: Keys) -> Place | None:
    """Where a product stands among `keys`, for the page behind it."""
    name = (await latest_names(mongo, [product])).get(product)
    key = None if name is None else name.key_among(keys)
    return None if key is None else Place(key, product)


async def _among(mongo: MongoReader, products: frozenset[int], keys: Keys, after: Place | None) -> list[FoundProduct]:
    """All that is found among some products, behind `after`. Costs as much as reading them, whatever their names."""
    names = await latest_names(mongo, sorted(products))
    found = [
        (Place(name.key, product), FoundProduct(product, name.name, name.category))
        for product, name in names.items()
        if name.key is not None and keys.have(name.key)
    ]
    return [one for place, one in sorted(found) if after is None or place > after]


async def _next(
    mongo: MongoReader, keys: Keys, after: Place | None, limit: int
) -> tuple[list[FoundProduct], int | None]:
    """The next products behind `after`, and the product behind which the search goes on; None where it is at its end.

    It looks for one product more than the page has, which is how it knows that there is another page. Where it has to
    end before, it ends behind a product that has a place among `keys` at which the next page begins.
    """
    found: list[FoundProduct] = []
    resumable: int | None = None
    looked_at = 0
    async with aclosing(_walk(mongo, keys, after, limit + 1)) as walk:
        async for some in walk:
            names = await latest_names(mongo, list({place.product for place in some}))
            for place in some:
                name = names.get(place.product)
                if name is None:  # another program made its document
                    continue
                if name.key == place.key:
                    if len(found) == limit:
                        return found, found[-1].product
                    found.append(FoundProduct(place.product, name.name, name.category))
                if name.key_among(keys) == place.key:
                    resumable = place.product
            looked_at += len(some)
            if looked_at >= MOST_LOOKED_AT and resumable is not None:
                return found, resumable
    return found, None


async def _walk(mongo: MongoReader, keys: Keys, after: Place | None, at_once: int) -> AsyncGenerator[list[Place], None]:
    """All places among `keys`, behind `after`, up to `at_once` a step. A product may have several, by older names."""
    rows_wanted = at_once
    while True:
        rows = await mongo.aggregate("search", PRODUCTS, places(keys, after, rows_wanted), NAMES_INDEX)
        # A product has an entry for each partition in which it was seen; those of one key follow each other.
        read = list(dict.fromkeys(Place(row["key"], row["p"]) for row in rows))
        for start in range(0, len(read), at_once):
            yield read[start : start + at_once]
        if len(rows) < rows_wanted:
            return
        after, rows_wanted = read[-1], min(rows_wanted * _MORE_EACH_ROUND, _MOST_ROWS)
