"""Products with names that a test gives, stored by the consumer's own code, and what a search must find of them.

What must be found is written from the definitions alone, one event at a time.
"""

import time
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple
from unicodedata import normalize

from shared.mongo import SyncDatabase
from tests.support.documents.writing import Writer, rated, sold


class Naming(NamedTuple):
    """An event that gives a product a name, `second` seconds after the first moment of the test."""

    product: int
    name: str
    second: int = 0
    partition: int = 0
    is_rating: bool = False


class NamedProducts:
    """Stores events in batches, in the order in which they are given, and remembers them."""

    def __init__(self, database: SyncDatabase) -> None:
        self._writer = Writer(database)
        self._begin_ms = int(time.time()) * 1000 - 30 * 86_400_000
        self._offsets: dict[int, int] = {}
        self._newest: dict[int, tuple[tuple[int, int, int], str]] = {}
        self._rated: set[int] = set()

    def store(self, *namings: Naming) -> None:
        """Store events, neighbours of one partition in one batch."""
        for partition, same in groupby(namings, lambda naming: naming.partition):
            batch = list(same)
            self._writer.commit(
                self._writer.batch(self._writer.lease(partition), [self._message(one) for one in batch])
            )
            for one in batch:
                self._note(one)

    def restart(self) -> None:
        """Go on as another consumer, which remembers nothing."""
        self._writer.restart()

    def found(self, text: str, among: Iterable[int] | None = None) -> list[tuple[int, str, str | None]]:
        """Id, name and category of all products whose latest name begins with `text`, in the order of a search."""
        named = ((folded(name), product, name) for product, (_, name) in self._newest.items())
        return [
            (product, name, "c" if product in self._rated else None)
            for key, product, name in sorted(named)
            if key.startswith(folded(text)) and (among is None or product in among)
        ]

    def _message(self, naming: Naming) -> bytes:
        message = rated if naming.is_rating else sold
        return message(naming.name, self._begin_ms + naming.second * 1000, naming.product)

    def _note(self, naming: Naming) -> None:
        offset = self._offsets[naming.partition] = self._offsets.get(naming.partition, -1) + 1
        order = naming.second, naming.partition, offset
        self._newest[naming.product] = max(self._newest.get(naming.product, (order, naming.name)), (order, naming.name))
        if naming.is_rating:
            self._rated.add(naming.product)


def folded(name: str) -> str:
    """A name without case and forms, for names without characters that are never shown."""
    return normalize("NFKD", normalize("NFKD", name).casefold())


def numbered(names: Sequence[str]) -> list[Naming]:
    """Products 1, 2, … with these names."""
    return [Naming(product, name) for product, name in enumerate(names, 1)]
