"""Reconcile what is stored with Kafka and with itself: is every acknowledged event there once, is every sum right?

Reads one moment, so it is right while consumers run. Settings are the consumer's: MONGODB_URI, MONGODB_DATABASE,
GROUP_ID, KAFKA_TOPIC and so on. Kafka is asked only about offsets that are missing in MongoDB, as far as it holds them.

Exit codes: 0 all is right · 1 something is wrong, told line by line · 2 it could not be judged: MongoDB or Kafka does
not answer, there is nothing to audit, or wrong usage · 78 a wrong setting.
"""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Annotated

import pymongo
import typer
from pymongo.errors import ConnectionFailure, PyMongoError
from rich.console import Console

from scripts.audit.compare_groups import Comparison, side
from scripts.audit.offsets.kafka import Log
from scripts.audit.progress import progress
from scripts.audit.reconcile import Reconciliation
from scripts.audit.repair.transactions import Repair
from scripts.audit.result import Outcome, of_audit, of_comparison
from scripts.common.sessions import only_session
from shared import schema
from shared.documents import DAY_MS
from shared.errors import AnalyticsError, ConfigurationError
from shared.mongo import SyncDatabase, connect
from shared.settings import ConsumerSettings

EXIT_WRONG = 1
EXIT_NOT_JUDGED = 2
EXIT_CONFIGURATION = 78
READ_TIMEOUT_MS = 120_000
"""Deadline of one call: MongoDB may walk a collection before it has a first answer."""

app = typer.Typer(help=__doc__, rich_markup_mode="markdown", add_completion=False)
messages = Console(stderr=True, soft_wrap=True)


@app.command()
def audit(
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="First day (UTC) to read, by events' time.", show_default="all"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
    repair_rollups: Annotated[
        bool,
        typer.Option("--repair-rollups", help="Make sums that differ anew from the raw events, while consumers run."),
    ] = False,
    ask_kafka: Annotated[
        bool, typer.Option("--kafka/--no-kafka", help="Ask Kafka about offsets that are missing.")
    ] = True,
    compare: Annotated[
        str | None, typer.Option(help="Compare the events with those of this database, of another group, instead.")
    ] = None,
) -> None:
    """Read everything, compare everything, tell what is wrong."""
    with _errors_as_messages():
        settings = ConsumerSettings.load()
        database = connect(settings.model_copy(update={"mongodb_timeout_ms": READ_TIMEOUT_MS}), "scripts.audit")
        with pymongo.timeout(settings.mongodb_timeout_ms / 1000):
            database.client.admin.command("ping")
        schema.check(database)
        if compare is not None:
            outcome = _compared(settings, database, compare)
        else:
            first_day = None if since is None else int(since.replace(tzinfo=UTC).timestamp() * 1000) // DAY_MS
            outcome = _audited(settings, database, first_day, repair_rollups, ask_kafka)
    if as_json:
        print(json.dumps(outcome.report, indent=2))  # noqa: T201
    else:
        for line in outcome.lines:
            Console(soft_wrap=True).print(line, highlight=False, markup=False)
    if not outcome.report["ok"]:
        raise typer.Exit(EXIT_WRONG)


def _audited(
    settings: ConsumerSettings, database: SyncDatabase, first_day: int | None, repairs: bool, ask_kafka: bool
) -> Outcome:
    started = time.monotonic()
    log = Log(settings) if ask_kafka else None
    if log is not None:
        log.state(0)
    with ExitStack() as opened:
        repair = None
        if repairs:
            session = opened.enter_context(only_session(database, "repairer"))
            repair = Repair(database, session, settings.group_id, settings.kafka_topic)
        one = Reconciliation(database, settings.group_id, settings.kafka_topic, log, first_day, repair)
        report = one.run(opened.enter_context(progress(messages, database, first_day)))
    return of_audit(report, repair, time.monotonic() - started)


def _compared(settings: ConsumerSettings, database: SyncDatabase, name: str) -> Outcome:
    other = database.client.get_database(name, codec_options=database.codec_options)
    comparison = Comparison(side(database, settings.kafka_topic), side(other, settings.kafka_topic))
    comparison.run()
    return of_comparison(comparison)


@contextmanager
def _errors_as_messages() -> Iterator[None]:
    try:
        yield
    except ConfigurationError as error:
        messages.print(str(error), markup=False)
        raise typer.Exit(EXIT_CONFIGURATION) from error
    except AnalyticsError as error:
        messages.print(f"not judged: {error}", markup=False)
        raise typer.Exit(EXIT_NOT_JUDGED) from error
    except ConnectionFailure as error:
        messages.print("not judged: MongoDB does not answer; is MONGODB_URI right, and is it running?", markup=False)
        raise typer.Exit(EXIT_NOT_JUDGED) from error
    except PyMongoError as error:
        messages.print(f"not judged: MongoDB refuses: {error}", markup=False)
        raise typer.Exit(EXIT_NOT_JUDGED) from error


if __name__ == "__main__":
    app()
