"""Publishes one event: checks it, prints the place that Kafka gave it, and waits for its fate if asked to."""

from typing import Final, NoReturn

import typer

from consumer.events.decode import decode
from consumer.events.rejection import Rejection
from consumer.events.time_limits import TimeLimits
from scripts.common.errors import errors_as_messages
from scripts.publish import fate
from scripts.publish.publisher import USAGE, code_of, console, end, now_ms, output, print_records, send
from scripts.publish.sending.delivery import Acknowledged
from scripts.publish.sending.records import KeyAndValue, TracedRecord
from shared.settings import KafkaSettings

INTERRUPTED: Final = 130
"""128 and the number of SIGINT, as shells report it."""


def publish_one(
    record: KeyAndValue, *, check: bool, dry_run: bool, timeout: float, deadline: float | None = None
) -> NoReturn:
    """Publish one record, and print its place; with `check`, only if a consumer would accept it.

    With a `deadline`, in seconds, its fate is awaited and printed. Always raises typer.Exit.
    """
    with errors_as_messages(console):
        settings = KafkaSettings.load()
        question = None if deadline is None or dry_run else fate.prepared()
    if check:
        verdict = decode(record.value, now_ms(), TimeLimits.at(now_ms(), settings.event_retention_days))
        if isinstance(verdict, Rejection):
            detail = f" ({verdict.detail})" if verdict.detail else ""
            end(USAGE, f"not sent: consumers would reject this event as {verdict.reason}{detail}; --no-check sends it")
    if dry_run:
        print_records([record])
        raise typer.Exit
    delivery, signal = send(iter([TracedRecord(*record, "the event")]), 1, timeout)
    if delivery.last is not None:
        output.print(delivery.last.place)
    if question is not None and deadline is not None and delivery.last is not None and not signal:
        raise typer.Exit(_told(question, record, delivery.last, deadline))
    raise typer.Exit(code_of(delivery, signal))


def _told(question: fate.Question, record: KeyAndValue, kept: Acknowledged, deadline: float) -> int:
    """Print what became of a record that Kafka holds. Returns the exit code."""
    try:
        code, text = fate.awaited(question, record.value, kept, deadline, console.print)
    except KeyboardInterrupt:
        console.print("interrupted: Kafka holds the event, what became of it is not known")
        return INTERRUPTED
    output.print(text)
    return code
