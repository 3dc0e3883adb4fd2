"""Where an event with an id is stored, read from the documents that say so. Pure.

Another program may have written anything, so nothing here raises: a wrong shape is an answer.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from scripts.audit.reading.shapes import is_integer
from shared.documents import DAY_MS, REPLAYED_PARTITION, Id, event_id, place_name


class Key(NamedTuple):
    """A product and one of its event ids."""

    product: int
    event_id: str


class Place(NamedTuple):
    """The fields of a raw event's `_id`, the product left out, since its key has it."""

    time_ms: int
    partition: int
    offset: int
    generation: int

    @property
    def day(self) -> int:
        """The day (since 1970) in whose collection the event is."""
        return self.time_ms // DAY_MS

    def identity(self, product: int) -> Id:
        """`_id` of the raw event."""
        return event_id(product, *self)

    def __str__(self) -> str:
        return place_name({"k": self.partition, "o": self.offset, "g": self.generation})


def place_in(document: Mapping[str, Any]) -> Place | None:
    """The place in the fields `t`, `k`, `o` and `g` of a document; None where they are not those of a place."""
    numbers = [number for number in map(document.get, "tkog") if is_integer(number, REPLAYED_PARTITION)]
    return Place(*map(int, numbers)) if len(numbers) == len(Place._fields) else None


def key_in(document: object) -> Key | None:
    """The key in the fields `p` and `i`; None where they are not those of a key."""
    if not isinstance(document, dict) or not is_integer(document.get("p")) or not isinstance(document.get("i"), str):
        return None
    return Key(int(document["p"]), document["i"])
