"""The place of a message in Kafka, as `scripts.publish` prints it and a person types it: `7@9908`, `7@9908:2`."""

import re
from typing import Final, NamedTuple

from shared.documents import Document

_PLACE: Final = re.compile(r"([0-9]{1,10})[@:]([0-9]{1,18})(?::([0-9]{1,9}))?", re.ASCII)
"""As many digits as MongoDB's integers hold. `7:9908` is how dead letters are named, and means the same place."""


class Place(NamedTuple):
    """Partition and offset, and the generation of the topic where it is known."""

    partition: int
    offset: int
    generation: int | None = None

    def __str__(self) -> str:
        generation = "" if self.generation is None else f":{self.generation}"
        return f"{self.partition}@{self.offset}{generation}"


def parse_place(text: str) -> Place:
    """The place that a person typed. Raises ValueError, whose text is for that person."""
    match = _PLACE.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"{text!r} is no place: it is PARTITION@OFFSET as `publish` prints it, 7@9908 for example, or "
            "PARTITION@OFFSET:GENERATION"
        )
    partition, offset, generation = match.groups()
    return Place(int(partition), int(offset), None if generation is None else int(generation))


def generations(stored: Document) -> list[int]:
    """The generations of a partition, by its document in `partitions`: the present one, then earlier ones."""
    return [stored["generation"], *(past["generation"] for past in reversed(stored.get("past", [])))]


def generation_at(stored: Document, offset: int, topic_id: str) -> int | None:
    """The generation to which the message belongs that Kafka holds at `offset` of the topic with this id.

    `stored` is the partition's document in `partitions`. None means that no generation begins before the offset, or
    that nobody has accepted the topic yet that has this id. An empty `topic_id`, of a broker that has no ids, fits all.
    Example: generation 1 ended at offset 100 of the same topic, and generation 2 began at 150. Offset 160 is of
    generation 2, offset 50 of generation 1, and offset 120 of none: it was lost unread.
    """
    if stored["first_offset"] <= offset and _is_same(stored, topic_id):
        return int(stored["generation"])
    for past in reversed(stored.get("past", [])):
        if past["first_offset"] <= offset < past["next_offset"] and _is_same(past, topic_id):
            return int(past["generation"])
    return None


def _is_same(stored: Document, topic_id: str) -> bool:
    return not topic_id or not stored["topic_id"] or bool(stored["topic_id"] == topic_id)
