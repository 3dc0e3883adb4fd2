"""The messages of one transaction, judged and summed as they are added.

A batch is its messages, and what it writes is a function of them: any part of it can be made into a batch again, so
it can be halved, or go on without a partition or an event.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from confluent_kafka import Message

from consumer.batches.increments import Fold
from consumer.batches.judging import Intake, Taken
from consumer.partitions.lease import Lease
from shared.documents import Document

BATCH_BYTES: Final = 20 * 1024 * 1024
"""About how large a batch may become."""
PRODUCT_BYTES: Final = 1_600
"""About how much memory a product's sums and what becomes of them take; where products are many, more than events."""


class Batch:
    """What messages come to: `folds` of the accepted events and `ends`, the offset after the last, by lease;
    `rejected`, the dead letters; `size`, about how many bytes the messages, their documents and sums have."""

    def __init__(self, intake: Intake, taken: Iterable[Taken] = ()) -> None:
        self._intake = intake
        self._taken: list[Taken] = []
        self._count = 0
        self.size = 0
        self.folds: dict[Lease, Fold] = {}
        self.ends: dict[Lease, int] = {}
        self.rejected: list[Document] = []
        for one in taken:
            self.add(one)

    def __len__(self) -> int:
        return self._count

    def is_full(self, most_events: int) -> bool:
        """Whether it takes no more: it has so many messages, or is as large as a batch may become."""
        return len(self) >= most_events or self.size >= BATCH_BYTES

    def add(self, taken: Taken) -> None:
        """Judge messages and take them up."""
        if not taken.messages:
            return
        fold = self.folds.setdefault(taken.lease, Fold())
        products = len(fold.products)
        self.size += taken.size + self._intake.judge(taken, fold, self.rejected)
        self.size += (len(fold.products) - products) * PRODUCT_BYTES
        self.ends[taken.lease] = _offset(taken.messages[-1]) + 1
        self._count += len(taken.messages)
        self._taken.append(taken)

    @property
    def taken(self) -> Sequence[Taken]:
        """Its messages, in the order in which they were added."""
        return self._taken

    def written(self) -> "Batch":
        """The messages that MongoDB holds by now, as the leases say."""
        return Batch(self._intake, (_before(one, one.lease.next_offset) for one in self._taken))

    def to_do(self) -> "Batch":
        """Without the messages that are written or fenced off by now."""
        left = [to_do(one) for one in self._taken]
        unchanged = all(mine is theirs for mine, theirs in zip(left, self._taken, strict=True))
        return self if unchanged else Batch(self._intake, left)

    def first_half(self) -> "Batch":
        """The earlier half of the messages, at least one."""
        room = max(1, len(self) // 2)
        half = []
        for one in self._taken:
            half.append(replace(one, messages=one.messages[:room]))
            room -= len(half[-1].messages)
        return Batch(self._intake, half)

    def refuse(self, places: Iterable[tuple[int, int]], error: str) -> "Batch":
        """With the events at these partitions and offsets made dead letters, because MongoDB refuses them."""
        by_partition: dict[int, dict[int, str]] = {}
        for partition, offset in places:
            by_partition.setdefault(partition, {})[offset] = error
        return Batch(
            self._intake,
            (replace(one, refused={**one.refused, **by_partition.get(one.lease.partition, {})}) for one in self._taken),
        )


def to_do(taken: Taken) -> Taken:
    """Without what is written or fenced off by now."""
    lease, messages = taken.lease, taken.messages
    if lease.lost:
        return replace(taken, messages=[])
    written = _first(messages, lease.next_offset)
    return replace(taken, messages=messages[written:]) if written else taken


def _before(taken: Taken, end: int) -> Taken:
    return replace(taken, messages=taken.messages[: _first(taken.messages, end)])


def _first(messages: Sequence[Message], offset: int) -> int:
    """Index of the first message at `offset` or beyond, of some in offset order."""
    return bisect_left(messages, offset, key=_offset)


def _offset(message: Message) -> int:
    return message.offset() or 0
