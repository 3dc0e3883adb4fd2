"""Offsets that a document of `partitions` says are stored. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from shared.documents import Document


class KafkaPartition(NamedTuple):
    """A partition of the topic in one generation: offsets start anew when the topic is recreated."""

    number: int
    generation: int


class OffsetRange(NamedTuple):
    """The offsets from `first` up to, not including, `end`: for each an event or a dead letter must be stored, except
    where Kafka has no record for a reader."""

    partition: KafkaPartition
    first: int
    end: int
    read_to: int
    """A consumer has read Kafka up to here: between `end` and `read_to` it found nothing to store, only transaction
    markers and aborted records. Never below `end`."""
    current: bool
    """Whether the range is of the present generation. What Kafka holds now says nothing of the ends of a past one."""
    topic_id: str
    """Kafka's id of the topic in that generation; empty where it is not known."""


def ranges_of(document: Document) -> Iterator[OffsetRange]:
    """The ranges in a document of `partitions`: of its past generations, as far as it lists them, and of its own."""
    number = document["_id"]["k"]
    for past in document.get("past", ()):
        partition = KafkaPartition(number, past["generation"])
        first, end = past["first_offset"], past["next_offset"]
        yield OffsetRange(partition, first, end, read_to=end, current=False, topic_id=past["topic_id"])
    partition = KafkaPartition(number, document["generation"])
    first, end = document["first_offset"], document["next_offset"]
    read_to = max(end, document.get("read_to", 0))
    yield OffsetRange(partition, first, end, read_to, current=True, topic_id=document["topic_id"])
