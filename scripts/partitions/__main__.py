"""Show how far each of the consumer's partitions is stored, and let a halted partition go on.

A consumer halts a partition if going on would skip or repeat events: the topic was deleted and created again, or Kafka
no longer holds the next offset. `restart` accepts what Kafka holds now. Consumers notice within seconds and go on by
themselves. The command reads the consumer's settings.

Exit codes: 0 done · 1 Kafka or MongoDB does not answer, or there is nothing to decide · 2 wrong usage · 78 a setting is
wrong.
"""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from consumer.partitions.brokers import Brokers
from scripts.common.errors import errors_as_messages
from scripts.common.kafka_clients import client_settings_checked
from scripts.partitions.decision import NotDecided, settle
from shared.documents import PARTITION_STATUS, PARTITIONS, partition_id
from shared.mongo import SyncDatabase, connect
from shared.settings import ConsumerSettings

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode="markdown", add_completion=False)
messages = Console(stderr=True, soft_wrap=True)


@app.command("list")
def list_() -> None:
    """Show each partition: the next offset to store, how many offsets Kafka is ahead of it, which consumer owns it."""
    with errors_as_messages(messages):
        settings, database = _connected()
        chosen = {"_id.group": settings.group_id, "_id.topic": settings.kafka_topic}
        statuses = {status["_id"]["k"]: status for status in database[PARTITION_STATUS].find(chosen)}
        table = Table("partition", "next offset", "lag", "caught up", "generation", "epoch", "owner")
        for stored in database[PARTITIONS].find(chosen).sort("_id.k"):
            status = statuses.get(stored["_id"]["k"], {})
            cells = (stored["_id"]["k"], stored["next_offset"], status.get("lag"), status.get("caught_up_at"))
            table.add_row(*map(_cell, (*cells, stored["generation"], stored["epoch"], stored["owner"])))
        Console().print(table)


@app.command()
def restart(
    partition: Annotated[int, typer.Option(min=0, help="Number of the halted partition.", show_default=False)],
) -> None:
    """Let a halted partition go on at what Kafka holds now. Events that were stored before stay, and stay counted."""
    with errors_as_messages(messages, NotDecided):
        settings, database = _connected()
        with client_settings_checked():
            brokers = Brokers(settings, "partitions")
        identity = partition_id(settings.group_id, settings.kafka_topic, partition)
        decision = settle(database, identity, lambda: brokers.ask(partition).answer())
        messages.print(f"partition {partition} goes on at offset {decision.next_offset}: {decision.meaning}")


def _connected() -> tuple[ConsumerSettings, SyncDatabase]:
    """The settings and the consumer's database. Raises ConfigurationError."""
    settings = ConsumerSettings.load()
    return settings, connect(settings, "scripts.partitions")


def _cell(value: object) -> str:
    return "-" if value is None else str(value)


if __name__ == "__main__":
    app()
