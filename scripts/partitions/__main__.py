"""The consumer's partitions: how far each is stored, and the decision when one is halted.

A partition halts when going on would skip or repeat events: the topic was created again, or Kafka no longer holds the
next offset. Consumers go on by themselves within seconds of the decision.

Exit codes: 0 done · 1 Kafka or MongoDB does not answer, or there is nothing to decide · 2 wrong usage · 78 a wrong
setting.
"""

from collections.abc import Callable
from typing import Annotated, NamedTuple

import typer
from bson.int64 import Int64
from rich.console import Console
from rich.table import Table

from consumer.partitions.brokers import Brokers, PartitionState
from consumer.partitions.claims import halt_of
from scripts.common.errors import errors_as_messages
from shared.documents import PARTITION_STATUS, PARTITIONS, Document, partition_id
from shared.errors import TopicRecreated
from shared.mongo import SyncDatabase, connect
from shared.settings import ConsumerSettings

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode="markdown", add_completion=False)
messages = Console(stderr=True)


PROMISED = ("generation", "first_offset", "next_offset", "topic_id")
"""What stays of a generation that is over, for the audit."""


DECISIONS = 5
"""How often one is made before it is given up; an answer of Kafka takes a small part of the time between two claims."""


class NotDecided(Exception):
    """There is nothing to decide, or it could not be; the text is for a person."""


class Decision(NamedTuple):
    """Where reading goes on, and what that means for the person who decides."""

    next_offset: int
    meaning: str


@app.command("list")
def list_() -> None:
    """Show every partition: stored offset, lag, owner."""
    with errors_as_messages(messages):
        settings, database = _connected()
        chosen = {"_id.group": settings.group_id, "_id.topic": settings.kafka_topic}
        status = {one["_id"]["k"]: one for one in database[PARTITION_STATUS].find(chosen)}
        table = Table("partition", "next offset", "lag", "caught up", "generation", "epoch", "owner")
        for one in database[PARTITIONS].find(chosen).sort("_id.k"):
            of = status.get(one["_id"]["k"], {})
            cells = (one["_id"]["k"], one["next_offset"], of.get("lag"), of.get("caught_up_at"))
            table.add_row(*map(_cell, (*cells, one["generation"], one["epoch"], one["owner"])))
        Console().print(table)


@app.command()
def restart(
    partition: Annotated[int, typer.Option(min=0, help="The halted partition.", show_default=False)],
) -> None:
    """Accept what Kafka holds, and let a halted partition go on there. Events stored before stay and stay counted."""
    with errors_as_messages(messages, NotDecided):
        settings, database = _connected()
        brokers = Brokers(settings, "partitions")
        identity = partition_id(settings.group_id, settings.kafka_topic, partition)
        decision = settle(database, identity, lambda: brokers.ask(partition).answer())
        messages.print(f"partition {partition} goes on at offset {decision.next_offset}: {decision.meaning}")


def settle(database: SyncDatabase, identity: Document, ask: Callable[[], PartitionState]) -> Decision:
    """Decide about the partition `identity` and write it down; `ask` tells what Kafka holds. Raises NotDecided.

    Consumers claim a halted partition every few seconds to see whether a person has decided, which changes its
    document: then what was decided is thought over.
    """
    for _ in range(DECISIONS):
        # Before Kafka is asked: a document that is older than the answer never seems to be ahead of Kafka.
        stored = database[PARTITIONS].find_one({"_id": identity})
        if stored is None:
            raise NotDecided(f"partition {identity['k']} of {identity['topic']} was never read, so it cannot be halted")
        state = ask()
        decision = decide(stored, state)
        if decision is None:
            holds = f"Kafka holds its next offset, {stored['next_offset']}"
            raise NotDecided(f"partition {identity['k']} is not halted: {holds}")
        if accept(database, stored, decision, state.topic_id):
            return decision
    raise NotDecided(f"consumers claimed partition {identity['k']} each time before it was changed: run this again")


def decide(stored: Document, state: PartitionState) -> Decision | None:
    """Where a partition goes on whose document is `stored`, given what Kafka holds; None when it is not halted."""
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
    """Begin a new generation of a partition whose document was `stored`. Returns False, and changes nothing, when the
    document has changed since: events that were committed meanwhile would be read and counted again."""
    changed = database[PARTITIONS].update_one(
        {"_id": stored["_id"], "epoch": stored["epoch"], "next_offset": stored["next_offset"]},
        {
            "$set": {
                "next_offset": Int64(decision.next_offset),
                "first_offset": Int64(decision.next_offset),
                "topic_id": topic_id,
            },
            "$unset": {"read_to": ""},
            "$push": {"past": {name: stored[name] for name in PROMISED}},
            "$inc": {"epoch": 1, "generation": 1},
        },
    )
    return changed.matched_count == 1


def _connected() -> tuple[ConsumerSettings, SyncDatabase]:
    settings = ConsumerSettings.load()
    return settings, connect(settings, "scripts.partitions")


def _cell(value: object) -> str:
    return "-" if value is None else str(value)


if __name__ == "__main__":
    app()
