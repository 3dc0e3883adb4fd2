"""One run of the publisher, from records to exit code. Ends by raising typer.Exit."""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn, TypeVar

import typer
from confluent_kafka import KafkaException
from rich.console import Console

from consumer.events.decode import decode
from consumer.events.rejection import Rejection
from consumer.events.time_limits import TimeLimits
from scripts.publish.interrupt import Interruption
from scripts.publish.report import progress, summary
from scripts.publish.send import Delivery, PlainRecord, Record, Sender
from scripts.publish.totals import Totals
from shared.errors import ConfigurationError
from shared.settings import KafkaSettings

NOT_DELIVERED, USAGE, WRONG_SETTING = 1, 2, 78
SHOWN_CHARACTERS = 300

R = TypeVar("R", bound=Record)

console = Console(stderr=True, highlight=False, soft_wrap=True)


def now_ms() -> int:
    """The clock, in UTC milliseconds."""
    return time.time_ns() // 1_000_000


def one(record: PlainRecord, *, check: bool, dry_run: bool, timeout: float) -> NoReturn:
    """Publish one record; unless told not to, only if a consumer would accept it."""
    settings = _settings()
    if check:
        verdict = decode(record.value, now_ms(), TimeLimits.at(now_ms(), settings.event_retention_days))
        if isinstance(verdict, Rejection):
            detail = f" ({verdict.detail})" if verdict.detail else ""
            _end(USAGE, f"not sent: consumers would reject this event as {verdict.reason}{detail}; --no-check sends it")
    many(iter([record]), total=1, dry_run=dry_run, timeout=timeout)


def many(
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
    """Publish `records`. `waits` says that the next one may be long in coming, so that a signal must end the wait.

    `totals` are those of the records sent; they are complete once `records` is exhausted.
    """
    if dry_run:
        _print(records)
        raise typer.Exit
    delivery, signal = _send(records, total, timeout, rate, waits)
    if totals is not None:
        console.print(f"consumers accept {totals.accepted:,} and reject {totals.rejected.total():,} of those sent")
    if totals is not None and totals_file is not None:
        _write(totals_file, totals, delivery)
    raise typer.Exit(128 + signal if signal else 0 if delivery.complete else NOT_DELIVERED)


def _send(records: Iterator[R], total: int | None, timeout: float, rate: float, waits: bool) -> tuple[Delivery, int]:
    """Send all; print how it went. Returns the counts and the signal that ended it early, or 0."""
    settings = _settings()
    with progress(console, total) as on_progress:
        try:
            sender = Sender(settings, timeout_seconds=timeout, on_progress=on_progress)
        except KafkaException as error:
            _end(WRONG_SETTING, f"a KAFKA_ setting is wrong: {error.args[0].str()}")
        # A second signal does not wait: what is not acknowledged by then is reported as unknown.
        with Interruption(sender.interrupt) as interruption, suppress(KeyboardInterrupt):
            sender.send(interruption.interruptible(records) if waits else records, rate)
    for line in summary(sender.delivery, settings.kafka_topic, settings.kafka_bootstrap_servers):
        console.print(line)
    return sender.delivery, interruption.signal


def _settings() -> KafkaSettings:
    try:
        return KafkaSettings.load()
    except ConfigurationError as error:
        _end(WRONG_SETTING, f"a setting is wrong: {error}")


def _end(code: int, message: str) -> NoReturn:
    console.print(message, style="red")
    raise typer.Exit(code)


def _print(records: Iterable[Record]) -> None:
    """Key and value a line, control characters and what is not UTF-8 escaped, long values cut."""
    for record in records:
        value = "(tombstone)" if record.value is None else _shown(record.value)
        sys.stdout.write(f"{_shown(record.key or b'-')}\t{value}\n")


def _shown(value: bytes) -> str:
    text = value[: 4 * SHOWN_CHARACTERS].decode("utf-8", "backslashreplace")
    text = "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}… ({len(value):,} bytes)"


def _write(file: Path, totals: Totals, delivery: Delivery) -> None:
    """Totals and how complete they are, as JSON."""
    counts = {"sent": delivery.sent, "delivered": delivery.delivered, "failed": delivery.failed.total()}
    content = {**counts, "unknown": delivery.unknown, "complete": delivery.complete, **totals.as_json()}
    try:
        file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        _end(NOT_DELIVERED, f"everything was sent, but {file} cannot be written: {error.strerror}")
