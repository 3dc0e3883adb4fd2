"""The messages of one transaction, judged and summed as they are added.

A batch is its messages, and everything that it writes follows from them. So any part of a batch can be made into a
batch again: it can be halved, or go on without a partition, or with an event turned into a dead letter.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from confluent_kafka import Message

from consumer.batches.event_ids import ID_BYTES, Coordinates, EventIds
from consumer.batches.increments import Increments
from consumer.dead_letters.record import RejectedMessage, rejected_document
from consumer.events.decode import Judged, judge
from consumer.events.encode import Encoder
from consumer.events.message import headers_of, offset_of, record_time_ms
from consumer.events.rejection import Rejection
from consumer.events.time_limits import TimeLimits
from consumer.partitions.lease import Lease
from consumer.partitions.taken import Taken
from shared.documents import EVENT_ID_DAYS, Document

BATCH_BYTES: Final = 20 * 1024 * 1024
"""About how large a batch may become: messages, documents and sums together. Three batches exist at a time (one being
committed, one ready, one being filled), so this bounds them to 60 MiB. At twice of it they alone would take half of the
250 MiB that a consumer is allowed in the worst case. At half, a batch in which each event is about another product
would hold half as many events, and a transaction has a fixed price."""
PRODUCT_BYTES: Final = 1_600
"""About how much memory the sums of one product and the statements made of them take. Where every event is about
another product this is more than the events themselves, so a batch of such events has to be smaller."""
RUN: Final = 64
"""Messages that are judged at a time: few enough that what one step makes of them is still in the processor's caches
when the next step reads it, and many enough that the code of each step stays there. Where each event is about another
product, 256 at a time took 19 µs an event to judge and 64 took 17 (`python -m bench.stages --products 60000 --events
60000`); with 1,000 products the two took the same."""

Runs: TypeAlias = Sequence[Judged | None]
"""The verdicts on some messages, for each `RUN` of them. None stands for verdicts that are not kept: those without an
id, which are only added up again where MongoDB refuses an event."""


@dataclass(frozen=True)
class Rules:
    """What a batch needs to know to judge messages; the same for all batches of a process."""

    topic: str
    retention_days: int
    """Events that happened longer ago are rejected as `too_old`."""
    copy_rejections: bool
    """Whether dead letters are to be copied to the dead-letter topic."""
    event_id_header: str = ""
    """The Kafka header that gives an event its id where it has none of its own; empty: no header does."""
    event_id_days: int = EVENT_ID_DAYS
    """So long an event's id is remembered; 0: ids mean nothing."""

    @property
    def id_header(self) -> str:
        """`event_id_header` where ids mean something, or else the name of none."""
        return self.event_id_header if self.event_id_days else ""


class Batch:
    """Judged messages: `increments` by lease, `ends` (the offset after the last message) by lease, and `rejected`, the
    dead letters, and `ids`, the ids of its events. `size` says about how many bytes the messages, their documents and
    sums take."""

    def __init__(self, rules: Rules, taken: Iterable[Taken] = ()) -> None:
        self._rules = rules
        self._taken: list[Taken] = []
        self._judged: list[Runs] = []
        """For each of `_taken`: what `judge` said of it, as far as that is worth keeping."""
        self._count = 0
        self.size = 0
        self.ids = EventIds(rules.event_id_days)
        self.increments: dict[Lease, Increments] = {}
        self.ends: dict[Lease, int] = {}
        self.rejected: list[Document] = []
        for each in taken:
            self.add(each)

    def __len__(self) -> int:
        """How many messages it holds, rejected ones included."""
        return self._count

    def is_full(self, most_events: int) -> bool:
        """Whether it takes no more: it has `most_events` messages, or is as large as a batch may become."""
        return len(self) >= most_events or self.size >= BATCH_BYTES

    def add(self, taken: Taken, judged_before: "Runs" = ()) -> None:
        """Judge messages and add what they come to. They follow those that it has of the same partition.

        `judged_before` is what another batch has kept of them; those are not judged again.
        """
        if not taken.messages:
            return
        lease = taken.lease
        increments = self.increments.setdefault(lease, Increments())
        products = len(increments.products)
        limits = TimeLimits.at(taken.at_ms, self._rules.retention_days)
        encoder = Encoder(lease.partition, lease.generation)
        runs: list[Judged | None] = []
        self.size += taken.size
        for number, first in enumerate(range(0, len(taken.messages), RUN)):
            judged = judged_before[number] if judged_before else None
            if judged is None:
                run = taken.messages[first : first + RUN]
                judged = judge(run, limits, encoder, self._rules.id_header)
            runs.append(judged if self._add_run(taken, judged, increments) else None)
        self.size += (len(increments.products) - products) * PRODUCT_BYTES
        self.ends[lease] = taken.end
        self._count += len(taken.messages)
        self._taken.append(taken)
        self._judged.append(runs)

    def _add_run(self, taken: Taken, judged: Judged, increments: Increments) -> bool:
        """Add judged messages. Returns whether their verdicts are to be kept, because there are ids among them.

        Whether an id was counted before is asked once the batch is complete, and then what counts may have to be added
        again. To judge the messages again as well would cost four times as much (docs/performance.md).
        """
        rejections, add, ids, size, noted = taken.rejections, increments.add, self.ids, 0, 0
        has_window = bool(ids.window_ms)
        for event, offset, document in judged.accepted:
            identity = event.identity if has_window else None
            if identity is not None or rejections:
                rejection = rejections.get(offset)
                if rejection is None and identity is not None:
                    rejection = ids.note(event, identity, offset, taken)
                    noted += 1
                if rejection is not None:
                    self.rejected.append(self._dead_letter(taken, taken.message_at(offset), rejection))
                    continue
            size += len(document)
            add(event, offset, document)
        self.rejected += [self._dead_letter(taken, message, rejection) for message, rejection in judged.rejected]
        self.size += size + noted * ID_BYTES
        return bool(noted)

    @property
    def taken(self) -> Sequence[Taken]:
        """Its messages, in the order in which they were added."""
        return self._taken

    def written(self) -> "Batch":
        """A batch of the messages that MongoDB holds by now, as the leases say."""
        return Batch(self._rules, (taken.written() for taken in self._taken))

    def unwritten(self) -> "Batch":
        """A batch without the messages that MongoDB holds by now or whose lease is lost; itself where all are left."""
        left = [taken.unwritten() for taken in self._taken]
        unchanged = all(mine is theirs for mine, theirs in zip(left, self._taken, strict=True))
        return self if unchanged else Batch(self._rules, left)

    def first_half(self) -> "Batch":
        """A batch of the earlier half of the messages, of one message at least."""
        return Batch(self._rules, (first for first, _ in self._split(max(1, len(self) // 2))))

    def written_behind(self, half: "Batch") -> "Batch":
        """A batch of the messages behind those of its `first_half` that MongoDB holds by now."""
        return Batch(self._rules, (rest.written() for _, rest in self._split(len(half))))

    def _split(self, room: int) -> Iterator[tuple[Taken, Taken]]:
        """Each part of the batch, split so that the first pieces hold `room` messages together."""
        for taken in self._taken:
            first, rest = taken.split(room)
            yield first, rest
            room -= len(first.messages)

    def reject(self, rejections: Mapping[Coordinates, Rejection]) -> "Batch":
        """The same messages, with dead letters for the events at these partitions and offsets. What has ids is added
        up again, and only the rest is judged again."""
        by_partition: dict[int, dict[int, Rejection]] = {}
        for (partition, offset), rejection in rejections.items():
            by_partition.setdefault(partition, {})[offset] = rejection
        batch = Batch(self._rules)
        for taken, judged in zip(self._taken, self._judged, strict=True):
            batch.add(taken.reject(by_partition.get(taken.lease.partition, {})), judged)
        return batch

    def _dead_letter(self, taken: Taken, message: Message, rejection: Rejection) -> Document:
        rejected = RejectedMessage(
            topic=self._rules.topic,
            generation=taken.lease.generation,
            partition=taken.lease.partition,
            offset=offset_of(message),
            timestamp_ms=record_time_ms(message),
            key=message.key(),
            value=message.value(),
            headers=headers_of(message),
        )
        return rejected_document(rejected, rejection, taken.at, self._rules.copy_rejections)
