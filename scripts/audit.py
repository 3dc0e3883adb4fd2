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
from typing import Annotated, Any

import pymongo
import typer
from pymongo.errors import ConnectionFailure, PyMongoError
from rich.console import Console

from scripts._audit.findings import Kind
from scripts._audit.kafka import Log
from scripts._audit.reconcile import Reconciliation, Report
from scripts._audit.repair import Repair
from scripts._audit.show import progress, summary
from scripts._sessions import only_session
from shared import schema
from shared.documents import DAY_MS
from shared.errors import AnalyticsError, ConfigurationError
from shared.mongo import connect
from shared.settings import ConsumerSettings

EXIT_WRONG = 1
EXIT_NOT_JUDGED = 2
EXIT_CONFIGURATION = 78
READ_TIMEOUT_MS = 120_000
"""Deadline of one call: MongoDB may walk a collection before it has a first answer."""

app = typer.Typer(help=__doc__, rich_markup_mode="markdown", add_completion=False)
messages = Console(stderr=True)


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
) -> None:
    """Read everything, compare everything, tell what is wrong."""
    started = time.monotonic()
    with _errors_as_messages():
        settings = ConsumerSettings.load()
        database = connect(settings.model_copy(update={"mongodb_timeout_ms": READ_TIMEOUT_MS}), "scripts.audit")
        with pymongo.timeout(settings.mongodb_timeout_ms / 1000):
            database.client.admin.command("ping")
        schema.check(database)
        log = Log(settings) if ask_kafka else None
        if log is not None:
            log.state(0)
        first_day = None if since is None else int(since.replace(tzinfo=UTC).timestamp() * 1000) // DAY_MS
        with ExitStack() as opened:
            repair = None
            if repair_rollups:
                session = opened.enter_context(only_session(database, "repairer"))
                repair = Repair(database, session, settings.group_id, settings.kafka_topic)
            one = Reconciliation(database, settings.group_id, settings.kafka_topic, log, first_day, repair)
            report = one.run(opened.enter_context(progress(messages, database, first_day)))
    seconds = time.monotonic() - started
    if as_json:
        print(json.dumps(_as_json(report, repair, seconds), indent=2))  # noqa: T201
    else:
        for line in summary(report, repair, seconds):
            Console(soft_wrap=True).print(line, highlight=False, markup=False)
    if is_wrong(report, repair):
        raise typer.Exit(EXIT_WRONG)


def is_wrong(report: Report, repair: Repair | None) -> bool:
    """Whether anything is wrong still; sums that were repaired are not."""
    wrong = set(report.findings.counts)
    return bool(wrong - {Kind.SUM_DIFFERS} if repair is not None and not repair.left else wrong)


def _as_json(report: Report, repair: Repair | None, seconds: float) -> dict[str, Any]:
    findings = report.findings
    return {
        "ok": not is_wrong(report, repair),
        "events": report.events,
        "dead_letters": report.letters,
        "days": report.days,
        "moments": report.moments,
        "seconds": round(seconds, 1),
        "partitions": {str(number): offset for number, offset in sorted(report.partitions.items())},
        "counts": dict(sorted(findings.counts.items())),
        "findings": [finding.as_json() for finding in findings.details],
        "findings_left_out": findings.counts.total() - len(findings.details),
        "unverifiable": dict(sorted(findings.unverifiable.items())),
    } | ({} if repair is None else {"repaired": dict(sorted(repair.repaired.items())), "not_repaired": repair.left})


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
