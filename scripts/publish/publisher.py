"""Runs the publisher, from records to the exit code: checks, prints or sends them, reports, ends with `typer.Exit`."""

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn, TypeVar

import typer

from scripts.common.console import LiteralConsole
from scripts.common.errors import errors_as_messages, file_problem
from scripts.common.kafka_clients import client_settings_checked
from scripts.common.text import literal
from scripts.publish.generated.totals import Totals
from scripts.publish.report import progress, silence, summary
from scripts.publish.sending.delivery import Delivery
from scripts.publish.sending.interrupt import Interruption
from scripts.publish.sending.records import Record
from scripts.publish.sending.send import Sender
from shared.settings import KafkaSettings

NOT_DELIVERED, USAGE = 1, 2
SHOWN_CHARACTERS = 300
"""A dry run prints so much of a value: all of an event that people write, a few lines on a terminal. Twice as much
shows more of the messages that are too large; half as much would cut events with further fields."""

R = TypeVar("R", bound=Record)

output = LiteralConsole()
console = LiteralConsole(stderr=True)


def now_ms() -> int:
    """This machine's clock, in UTC milliseconds."""
    return time.time_ns() // 1_000_000


def publish_all(
    records: Iterator[R],
    *,
    total: int | None,
    dry_run: bool,
    timeout: float,
    rate: float = 0.0,
    waits: bool = False,
    totals: Totals | None = None,
    totals_file: Path | None = None,
) -> NoReturn:
    """Publish `records`, or print them in a dry run. Always raises typer.Exit, with one of the command's exit codes.

    `timeout` is in seconds, `rate` in records a second. `waits` says that the next record may be long in coming, as
    from a pipe, so that a signal has to end the wait. `totals` are filled as `records` are taken, so they are those of
    the records that were sent; they are written to `totals_file`.
    """
    if dry_run:
        print_records(records)
        raise typer.Exit
    if totals_file is not None:
        _check_writable(totals_file)
    delivery, signal = send(records, total, timeout, rate, waits)
    if totals is not None:
        console.print(f"consumers accept {totals.accepted:,} and reject {totals.rejected.total():,} of those sent")
    if totals is not None and totals_file is not None:
        _write(totals_file, totals, delivery)
    raise typer.Exit(code_of(delivery, signal))


def code_of(delivery: Delivery, signal: int) -> int:
    return 128 + signal if signal else 0 if delivery.complete else NOT_DELIVERED


def send(
    records: Iterator[R], total: int | None, timeout: float, rate: float = 0.0, waits: bool = False
) -> tuple[Delivery, int]:
    """Send the records and print how it went. Returns the counts, and the signal that ended the run early, or 0."""
    with errors_as_messages(console):
        settings = KafkaSettings.load()
    with progress(console, total) as on_progress:
        with errors_as_messages(console), client_settings_checked():
            sender = Sender(
                settings,
                timeout_seconds=timeout,
                on_progress=on_progress,
                on_silence=lambda delivery: console.print(silence(delivery, settings.kafka_bootstrap_servers, timeout)),
            )
        # A second signal ends the wait: what Kafka has not acknowledged by then is reported as unknown.
        with Interruption(sender.interrupt) as interruption, suppress(KeyboardInterrupt):
            sender.send(interruption.interruptible(records, sender.idle) if waits else records, rate)
    for line in summary(sender.delivery, settings.kafka_topic, settings.kafka_bootstrap_servers, total):
        console.print(line)
    return sender.delivery, interruption.signal


def end(code: int, message: str) -> NoReturn:
    console.print(message, style="red")
    raise typer.Exit(code)


def print_records(records: Iterable[Record]) -> None:
    """Print a line for each record, the key and the value. Control characters and bytes that are not UTF-8 are escaped,
    long values cut."""
    for record in records:
        output.cells(_shown(record.key or b"-"), "(tombstone)" if record.value is None else _shown(record.value))


def _shown(value: bytes) -> str:
    # A character of UTF-8 has at most four bytes, so this much holds all characters that may be shown.
    text = literal(value[: 4 * SHOWN_CHARACTERS].decode("utf-8", "backslashreplace"))
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}… ({len(value):,} bytes)"


def _check_writable(file: Path) -> None:
    """Raise BadParameter if the file cannot be written. Makes an empty one, so that this shows before all is sent."""
    try:
        file.open("a").close()
    except OSError as error:
        raise typer.BadParameter(file_problem(error), param_hint="--totals") from None


def _write(file: Path, totals: Totals, delivery: Delivery) -> None:
    """Write the totals as JSON, with how many of the messages were sent and acknowledged."""
    counts = {"sent": delivery.sent, "delivered": delivery.delivered, "failed": delivery.failed.total()}
    content = {**counts, "unknown": delivery.unknown, "complete": delivery.complete, **totals.as_json()}
    try:
        file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        end(NOT_DELIVERED, f"everything was sent, but the totals are lost: {file_problem(error)}")
