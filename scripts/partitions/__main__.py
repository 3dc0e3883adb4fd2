"""Show how far each of the consumer's partitions is stored, and let a halted partition go on.

A consumer halts a partition if going on would skip or repeat events: the topic was deleted and created again, or Kafka
no longer holds the next offset. `restart` accepts what Kafka holds now. Consumers notice within seconds and go on by
themselves. The command reads the consumer's settings.

Exit codes: 0 done · 1 Kafka or MongoDB does not answer, there is nothing to decide, or the answer to the question was
no · 2 wrong usage, or a question without a terminal to ask it at and without `--yes` · 78 a setting is wrong.
"""

from datetime import UTC, datetime
from typing import Annotated

import typer

from consumer.partitions.brokers import Brokers
from scripts.common.commands import application
from scripts.common.confirmation import Yes, require_consent
from scripts.common.console import LiteralConsole
from scripts.common.documents import leniently
from scripts.common.errors import NOT_DONE, errors_as_messages
from scripts.common.kafka_clients import client_settings_checked
from scripts.partitions.decision import Decision, NotDecided, settle
from scripts.partitions.display import print_list
from scripts.partitions.kafka import ask_kafka
from scripts.partitions.overview import overviews
from shared.documents import PARTITION_STATUS, PARTITIONS, partition_id
from shared.mongo import SyncDatabase, connect
from shared.settings import ConsumerSettings

app = application(__doc__)
output = LiteralConsole()
messages = LiteralConsole(stderr=True)


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False) -> None:
    """Show each partition: how far it is stored, how far Kafka is ahead of it, and whether its owner works.

    The lag and the group's members are asked of Kafka. Where Kafka does not answer, the command says so, shows what
    MongoDB knows, and ends with 1.
    """
    with errors_as_messages(messages):
        settings, database = _connected()
        chosen = {"_id.group": settings.group_id, "_id.topic": settings.kafka_topic}
        # MongoDB is read before Kafka is asked, so that no offset seems to be stored that Kafka does not have yet.
        stored, statuses = (list(leniently(database)[name].find(chosen)) for name in (PARTITIONS, PARTITION_STATUS))
        read_at = datetime.now(UTC)
        kafka = ask_kafka(settings)
    found = list(overviews(stored, statuses, kafka, read_at))
    if as_json:
        output.json([overview.as_json() for overview in found])
    else:
        print_list(output, found, read_at)
    for problem in kafka.problems:
        messages.print(problem)
    if kafka.problems:
        raise typer.Exit(NOT_DONE)


@app.command()
def restart(
    partition: Annotated[int, typer.Option(min=0, help="Number of the halted partition.", show_default=False)],
    yes: Yes = False,
) -> None:
    """Let a halted partition go on at what Kafka holds now. Events that were stored before stay, and stay counted.

    Says first where it would go on and what that means, and asks.
    """
    with errors_as_messages(messages, NotDecided):
        settings, database = _connected()
        with client_settings_checked():
            brokers = Brokers(settings, "partitions")
        identity = partition_id(settings.group_id, settings.kafka_topic, partition)

        def consent(decision: Decision) -> None:
            messages.print(f"partition {partition} would go on at offset {decision.next_offset}: {decision.meaning}")
            require_consent(messages, "Let it go on there?", yes)

        decision = settle(database, identity, lambda: brokers.ask(partition).answer(), consent)
        messages.print(f"partition {partition} goes on at offset {decision.next_offset}: {decision.meaning}")


def _connected() -> tuple[ConsumerSettings, SyncDatabase]:
    """The settings and the consumer's database. Raises ConfigurationError."""
    settings = ConsumerSettings.load()
    return settings, connect(settings, "scripts.partitions")


if __name__ == "__main__":
    app()
