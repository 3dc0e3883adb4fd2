"""Which products exist: those that ever had an event."""

from collections.abc import Iterable
from typing import Final

from cachetools import LRUCache

from api.reads.database import MongoReader
from api.reads.queries import known_products
from shared.documents import PRODUCTS

_KEPT: Final = 100_000
"""Products that an instance remembers to exist; full, that takes 19 MB. It serves those without events in the asked
time: with half as many remembered, more of them cost a query each time; twice as many take 38 MB."""


class KnownProducts:
    """Tells which products exist. A product that exists is remembered; an unknown one is asked for again each time,
    since its first event may come at any moment."""

    def __init__(self) -> None:
        self._known: LRUCache[int, bool] = LRUCache(_KEPT)

    async def unknown_among(self, mongo: MongoReader, products: Iterable[int]) -> set[int]:
        """The products that never had an event. Raises DatabaseUnavailable."""
        doubtful = {product for product in products if not self._known.get(product)}
        if doubtful:
            for row in await mongo.find("known products", PRODUCTS, known_products(doubtful)):
                self._known[row["p"]] = True
                doubtful.discard(row["p"])
        return doubtful
