"""What an operator is told about one partition, from its documents in MongoDB and from what Kafka holds. Pure.

The consumer's own word in `partition_status` is as old as its last write, and a consumer that is frozen, stopped or
halted writes none. So the lag is computed from Kafka's end of the partition, and the age of the consumer's word says
whether its owner still works.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from consumer.partitions.brokers import PartitionState
from consumer.partitions.claims import halt_of
from scripts.common.times import clamped, rfc3339, shown
from scripts.partitions.kafka import KafkaView
from shared.documents import Document
from shared.errors import TopicRecreated

SILENT_SECONDS: Final = 10.0
"""An owner whose status is older than this is silent. It writes one every second. At half, a busy MongoDB or a clock
that is some seconds off makes a consumer that works look silent; at twice, one that is frozen looks well for longer."""


_TIMES: Final = ("caught_up_at", "held_back_since", "status_at")


class Condition(StrEnum):
    """How a partition is. Programs read these words, so they do not change."""

    READ = "read"
    """Its owner has written a status within `SILENT_SECONDS`, and is a member of the group as far as Kafka says."""
    HELD_BACK = "held back"
    """The same, but Kafka gives nothing beyond the beginning of an open transaction; `held_back_since` says since when.
    """
    OWNER_SILENT = "owner silent"
    """Its owner has written no status for longer. It is still a member of the group, or Kafka does not say."""
    OWNER_DEAD = "owner dead"
    """Kafka says that its owner is no member of the group any more, and nobody has claimed it since."""
    HALTED = "halted"
    """Going on would skip or repeat events, so it waits for a person; `halt` and `reason` say why."""
    NEVER_READ = "never read"
    """Kafka has it, and no consumer of this group has claimed it yet."""
    NOT_IN_KAFKA = "not in Kafka"
    """MongoDB has its document, and the topic has no such partition."""
    UNREADABLE = "unreadable"
    """Its document lacks what this project writes, so another program changed it."""


@dataclass(frozen=True, slots=True)
class Overview:
    """One partition. None stands for what nobody knows, because Kafka does not answer or nobody has read it yet."""

    partition: int
    condition: Condition
    reason: str | None = None
    """A sentence for a person about a condition that needs one."""
    halt: str | None = None
    """The kind of the halt, as docs/operations/troubleshooting.md lists them."""
    next_offset: int | None = None
    first_in_kafka: int | None = None
    end_in_kafka: int | None = None
    lag: int | None = None
    caught_up_at: object = None
    held_back_since: object = None
    status_at: object = None
    status_age_seconds: float | None = None
    generation: int | None = None
    epoch: int | None = None
    owner: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The fields by their stable names; null stands for what is unknown."""
        return asdict(self) | {name: rfc3339(getattr(self, name)) for name in _TIMES}


def overviews(
    stored: Iterable[Document], statuses: Iterable[Document], kafka: KafkaView, now: datetime
) -> Iterator[Overview]:
    """Every partition that MongoDB or Kafka knows, in order of its number."""
    documents = {document["_id"]["k"]: document for document in stored}
    written = {status["_id"]["k"]: status for status in statuses}
    for partition in sorted(documents.keys() | (kafka.partitions or set())):
        document = documents.get(partition)
        state = kafka.states.get(partition)
        if document is None:
            yield _never_read(partition, state)
            continue
        try:
            yield _read(document, written.get(partition, {}), state, kafka, now)
        except (LookupError, TypeError, ValueError) as error:
            why = f"its document in MongoDB was changed by another program: {type(error).__name__}: {error}"
            yield Overview(partition, Condition.UNREADABLE, why)


def _never_read(partition: int, state: PartitionState | None) -> Overview:
    low, high = (None, None) if state is None else (state.low, state.high)
    lag = None if state is None else state.high - state.low
    why = "no consumer of this group has claimed it yet"
    return Overview(partition, Condition.NEVER_READ, why, first_in_kafka=low, end_in_kafka=high, lag=lag)


def _read(
    document: Document, status: Mapping[str, Any], state: PartitionState | None, kafka: KafkaView, now: datetime
) -> Overview:
    age = None if status.get("at") is None else max(0.0, (now - clamped(status["at"])).total_seconds())
    halt = None if state is None else halt_of(document, state)
    kind, why = (None, "") if halt is None else (type(halt).__name__, str(halt))
    if halt is None:
        kind, why = _noted_halt(status)
    condition, reason = (Condition.HALTED, why) if kind else _condition(document, status, age, kafka)
    return Overview(
        document["_id"]["k"],
        condition,
        reason or None,
        kind,
        next_offset=document["next_offset"],
        first_in_kafka=None if state is None else state.low,
        end_in_kafka=None if state is None else state.high,
        lag=None if state is None else _lag(document, state, isinstance(halt, TopicRecreated)),
        caught_up_at=status.get("caught_up_at"),
        held_back_since=status.get("held_back_since"),
        status_at=status.get("at"),
        status_age_seconds=None if age is None else round(age, 1),
        generation=document["generation"],
        epoch=document["epoch"],
        owner=document["owner"],
    )


def _noted_halt(status: Mapping[str, Any]) -> tuple[str | None, str]:
    """The kind and the reason of the halt that a consumer has noted, unless the partition was read since."""
    noted = status.get("halted")
    if noted is None or ("at" in status and clamped(status["at"]) > clamped(noted["at"])):
        return None, ""
    return noted["kind"], f"{noted['reason']} (since {shown(noted['at'])} UTC)"


def _condition(
    document: Document, status: Mapping[str, Any], age: float | None, kafka: KafkaView
) -> tuple[Condition, str]:
    """How a partition is that is not halted, the worst first; and a sentence where a person must know more."""
    if kafka.partitions is not None and document["_id"]["k"] not in kafka.partitions:
        return Condition.NOT_IN_KAFKA, "the topic has no such partition: was it created again, with fewer?"
    owner, members = document["owner"], kafka.members
    last = f"its owner {owner} " + ("has written no status yet" if age is None else f"is silent since {age:.0f} s")
    if members is not None and owner not in members:
        others = f"the group has {len(members)} other consumers" if members else "no consumer is in the group"
        return Condition.OWNER_DEAD, f"{last} and has left the group; {others}"
    if age is None or age > SILENT_SECONDS:
        member = (
            "Kafka does not say whether it is still in the group" if members is None else "it is still in the group"
        )
        return Condition.OWNER_SILENT, f"{last}; {member}: is it frozen, does it reach MongoDB? Its log says more"
    if status.get("held_back_since") is not None:
        since = shown(status["held_back_since"])
        return Condition.HELD_BACK, f"an open Kafka transaction holds it back since {since} UTC"
    return Condition.READ, ""


def _lag(document: Document, state: PartitionState, recreated: bool) -> int:
    """How many offsets Kafka holds that are not stored. Those that are markers or aborted records count as well, up to
    the offset that a consumer has noted as empty (`read_to`)."""
    read = 0 if recreated else max(document["next_offset"], document.get("read_to", 0))
    return max(0, state.high - max(read, state.low))
