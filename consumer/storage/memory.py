"""What this process remembers of the products that it has written, so that most batches ask MongoDB nothing.

A product's document changes with each of its ratings, but with its sales only when a sale brings a new name or an
earlier first time. So its stored `latest.t` may be older than its newest event; its stored `latest.name` never differs
from the newest event's name.
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

from consumer.batches.increments import Latest
from consumer.partitions.lease import Lease
from shared.documents import HOUR_MS

ProductKey: TypeAlias = tuple[int, int, int]
"""Product, partition and epoch. With another epoch another consumer may have written since, so nothing is
remembered."""

MOST_REMEMBERED: Final = 50_000
"""Products over all partitions, some 25 MB. The ones not written for longest are forgotten, and read again when events
of them come. At half of it a consumer of more than 25,000 active products asks for some in every batch; at twice it
takes 25 MB more. A plain dict in the order of writing does here, and not a cache of a library: the polling thread reads
it while the database thread writes it, which a dict allows without a lock, and it is trimmed once a batch."""


class KnownProduct(NamedTuple):
    """A product's document in one partition, as far as a plan depends on it."""

    first_seen_ms: int
    """The stored `first_seen`."""
    latest: Latest
    """The newest event known. The stored `latest` has its name, and its time or an earlier one."""
    is_newest: bool
    """Whether no stored event is newer than `latest`. Where it is False one may be, with the same name: a consumer of
    an earlier epoch need not have written it."""

    @property
    def hour(self) -> int:
        """An hour (since 1970) of this product that is in `rollups`: the one in which `latest` happened."""
        return self.latest.time_ms // HOUR_MS


class ProductMemory:
    """Remembers products by key. The database thread writes it; any thread may call `recall`."""

    def __init__(self) -> None:
        self._products: dict[ProductKey, KnownProduct] = {}

    def recall(self, key: ProductKey) -> KnownProduct | None:
        """What is remembered of a product; None where it was never written in this epoch, or is forgotten."""
        return self._products.get(key)

    def recall_all(self, keys: Iterable[ProductKey]) -> tuple[dict[ProductKey, KnownProduct], list[ProductKey]]:
        """Those of the products that are remembered, and the keys of the others."""
        found: dict[ProductKey, KnownProduct] = {}
        others: list[ProductKey] = []
        recall = self._products.get
        for key in keys:
            known = recall(key)
            if known is None:
                others.append(key)
            else:
                found[key] = known
        return found, others

    def remember(self, products: Mapping[ProductKey, KnownProduct]) -> None:
        """Note products as they are since a transaction was committed."""
        for key in products.keys() & self._products.keys():
            del self._products[key]  # so that it comes last again
        self._products.update(products)
        # All at once: to take the first key of a dict again and again walks over all that were taken before.
        for key in list(islice(self._products, max(0, len(self._products) - MOST_REMEMBERED))):
            del self._products[key]

    def forget(self, leases: Iterable[Lease]) -> None:
        """Forget all products of these leases' epochs, because it is not known what was written under them."""
        epochs = {(lease.partition, lease.epoch) for lease in leases}
        self._products = {key: known for key, known in self._products.items() if key[1:] not in epochs}
