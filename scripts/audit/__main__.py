"""Compare what is stored with itself and with Kafka: is every acknowledged event stored once, is every sum right?

The audit reads MongoDB as it was at one moment, so it is right while consumers run. Its settings are the consumer's:
MONGODB_URI, MONGODB_DATABASE, GROUP_ID, KAFKA_TOPIC and so on. It asks Kafka only about offsets that are missing in
MongoDB, as far as Kafka still holds them.

Exit codes: 0 all is right · 1 something is wrong, which is printed line by line · 2 it could not be judged: MongoDB or
Kafka does not answer, there is nothing to audit, or the usage is wrong · 78 a setting is wrong.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Annotated

import pymongo
import typer
from pymongo.errors import ConnectionFailure, PyMongoError

from scripts.audit.compare_groups import GroupComparison, read_group
from scripts.audit.offsets.kafka import KafkaTopic
from scripts.audit.progress import progress
from scripts.audit.reading.snapshot import CALL_SECONDS
from scripts.audit.reconcile import Reconciliation
from scripts.audit.repair.transactions import Repair
from scripts.audit.result import AuditResult, of_audit, of_comparison
from scripts.common.commands import single
from scripts.common.console import LiteralConsole
from scripts.common.sessions import only_session
from shared import schema
from shared.documents import DAY_MS, REPAIRER
from shared.errors import AnalyticsError, ConfigurationError
from shared.mongo import SyncDatabase, brief, connect
from shared.settings import ConsumerSettings

EXIT_WRONG = 1
EXIT_NOT_JUDGED = 2
EXIT_CONFIGURATION = 78

app, command = single(__doc__)
output = LiteralConsole()
messages = LiteralConsole(stderr=True)


@command
def audit(
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="First day (UTC) to read, by the events' time.", show_default="all"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
    repair_rollups: Annotated[
        bool,
        typer.Option("--repair-rollups", help="Correct sums that differ from the raw events, while consumers run."),
    ] = False,
    ask_kafka: Annotated[
        bool, typer.Option("--kafka/--no-kafka", help="Ask Kafka about offsets that are missing in MongoDB.")
    ] = True,
    compare: Annotated[
        str | None,
        typer.Option(help="Instead, compare the events with those in this database, which another group has stored."),
    ] = None,
) -> None:
    """Read everything, compare everything, and print what is wrong."""
    with _errors_as_messages():
        settings = ConsumerSettings.load()
        patient = settings.model_copy(update={"mongodb_timeout_ms": int(CALL_SECONDS * 1000)})
        database = connect(patient, "scripts.audit")
        # A MongoDB that is away is noticed after the usual deadline, not after that of the audit's long reads.
        with pymongo.timeout(settings.mongodb_timeout_ms / 1000):
            database.client.admin.command("ping")
        schema.check(database)
        if compare is not None:
            result = _compared(settings, database, compare)
        else:
            first_day = None if since is None else int(since.replace(tzinfo=UTC).timestamp() * 1000) // DAY_MS
            result = _audited(settings, database, first_day, repair_rollups, ask_kafka)
    if as_json:
        output.json(result.report)
    else:
        for line in result.lines:
            output.print(line)
    if not result.report["ok"]:
        raise typer.Exit(EXIT_WRONG)


def _audited(
    settings: ConsumerSettings, database: SyncDatabase, first_day: int | None, repairs: bool, ask_kafka: bool
) -> AuditResult:
    """Audit the group's database, from `first_day` (since 1970) on, None for all days."""
    started = time.monotonic()
    kafka = KafkaTopic(settings) if ask_kafka else None
    if kafka is not None:
        kafka.state(0)  # a Kafka that is away is noticed now, not after all days were read
    with ExitStack() as opened:
        repair = None
        if repairs:
            session = opened.enter_context(only_session(database, REPAIRER))
            repair = Repair(database, session, settings.group_id, settings.kafka_topic)
        reconciliation = Reconciliation(database, settings.group_id, settings.kafka_topic, kafka, first_day, repair)
        summary = reconciliation.run(opened.enter_context(progress(messages, database, first_day)))
    return of_audit(summary, repair, time.monotonic() - started)


def _compared(settings: ConsumerSettings, database: SyncDatabase, name: str) -> AuditResult:
    """Compare the group's database with the database `name` of the same MongoDB."""
    other = database.client.get_database(name, codec_options=database.codec_options)
    comparison = GroupComparison(read_group(database, settings.kafka_topic), read_group(other, settings.kafka_topic))
    comparison.run()
    return of_comparison(comparison)


@contextmanager
def _errors_as_messages() -> Iterator[None]:
    """Print an error as one line for a person, and end the process with its exit code."""
    try:
        yield
    except ConfigurationError as error:
        messages.print(str(error))
        raise typer.Exit(EXIT_CONFIGURATION) from error
    except AnalyticsError as error:
        messages.print(f"not judged: {error}")
        raise typer.Exit(EXIT_NOT_JUDGED) from error
    except ConnectionFailure as error:
        messages.print("not judged: MongoDB does not answer; is MONGODB_URI right, and is it running?")
        raise typer.Exit(EXIT_NOT_JUDGED) from error
    except PyMongoError as error:
        messages.print(f"not judged: MongoDB did not do what the audit asked: {brief(error)}")
        raise typer.Exit(EXIT_NOT_JUDGED) from error


if __name__ == "__main__":
    app()
