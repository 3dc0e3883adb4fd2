"""Decides where a halted partition goes on, and changes its document so that consumers do so.

`decide` is pure. `accept` writes what it decided, `settle` calls both and repeats them if a consumer came in between.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from bson.int64 import Int64

from consumer.partitions.brokers import PartitionState
from consumer.partitions.claims import halt_of
from shared.documents import PARTITIONS, Document
from shared.errors import TopicRecreated
from shared.mongo import SyncDatabase

DECISIONS: Final = 5
"""How often `settle` decides before it gives up. A decision is lost if a consumer claims the partition while Kafka
answers, and a consumer claims a halted partition every five seconds. Five losses in a row mean that Kafka takes seconds
to answer: ten attempts would make the operator wait longer for the same message, two could be lost by chance."""
PAST_FIELDS: Final = ("generation", "first_offset", "next_offset", "topic_id")
"""What a partition's document keeps of a generation that is over: the audit checks its offsets too."""


class NotDecided(Exception):
    """There is nothing to decide, or the decision could not be written; the text is for a person."""


class Decision(NamedTuple):
    """Where reading goes on, and what that means for the person who decides."""

    next_offset: int
    meaning: str


def settle(
    database: SyncDatabase,
    identity: Document,
    ask: Callable[[], PartitionState],
    consent: Callable[[Decision], None] = lambda decision: None,
) -> Decision:
    """Decide about the partition whose `_id` is `identity`, and write the decision. `ask` returns what Kafka holds.

    `consent` is called with each decision before it is written, and once for equal ones; it raises to prevent it.
    Blocks while Kafka, MongoDB and `consent` answer. Raises NotDecided, PyMongoError, and what `ask` and `consent`
    raise.

    Consumers claim a halted partition every few seconds to see whether a person has decided. A claim changes the
    partition's document; then the decision is made again for the changed document.
    """
    agreed: Decision | None = None
    for _ in range(DECISIONS):
        # The document is read before Kafka is asked. In the other order, events that a consumer stored in between would
        # make the document seem to be ahead of what Kafka holds.
        stored = database[PARTITIONS].find_one({"_id": identity})
        if stored is None:
            raise NotDecided(f"partition {identity['k']} of {identity['topic']} was never read, so it cannot be halted")
        state = ask()
        decision = decide(stored, state)
        if decision is None:
            holds = f"Kafka holds its next offset, {stored['next_offset']}"
            raise NotDecided(f"partition {identity['k']} is not halted: {holds}")
        if decision != agreed:
            consent(decision)
            agreed = decision
        if accept(database, stored, decision, state.topic_id):
            return decision
    raise NotDecided(
        f"partition {identity['k']} was not changed: consumers claimed it in each of {DECISIONS} attempts; "
        "run this again"
    )


def decide(stored: Document, state: PartitionState) -> Decision | None:
    """Where a partition goes on, given its document and what Kafka holds; None if it is not halted.

    For example, the document says 100 and Kafka holds 150 to 200: reading goes on at 150, and 50 offsets are lost.
    """
    halt = halt_of(stored, state)
    if halt is None:
        return None
    if isinstance(halt, TopicRecreated):
        return Decision(state.low, "the beginning of the new topic")
    lost = state.low - stored["next_offset"]
    if lost > 0:
        return Decision(state.low, f"{lost} offsets are no longer in Kafka and were never read")
    return Decision(state.high, "Kafka lost its newest records; those that were read before stay counted")


def accept(database: SyncDatabase, stored: Document, decision: Decision, topic_id: str) -> bool:
    """Begin a new generation of the partition whose document was `stored`. Raises PyMongoError.

    Returns False, and changes nothing, if the document has changed since: otherwise events that a consumer committed
    meanwhile would be read and counted again.
    """
    changed = database[PARTITIONS].update_one(
        {"_id": stored["_id"], "epoch": stored["epoch"], "next_offset": stored["next_offset"]},
        {
            "$set": {
                "next_offset": Int64(decision.next_offset),
                "first_offset": Int64(decision.next_offset),
                "topic_id": topic_id,
            },
            "$unset": {"read_to": ""},
            "$push": {"past": {name: stored[name] for name in PAST_FIELDS}},
            "$inc": {"epoch": 1, "generation": 1},
        },
    )
    return changed.matched_count == 1
