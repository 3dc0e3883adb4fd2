"""Shows a person how a run goes: a progress bar while it lasts, lines of text at its end."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from scripts.common.console import LiteralConsole
from scripts.publish.sending.delivery import KEPT_FAILURES, Delivery

REFRESH_SECONDS = 0.1
"""Ten times a second a bar looks as if it moved. Twice as often costs twice the drawing; half as often, it jerks."""

SHOWN_PARTITIONS = 12
"""The places in so many partitions are said, a line or two. Twice as many fill a small terminal; with half, those of a
usual topic are cut."""

# What to do about a failure, by the name that Kafka's client gives it.
ADVICE = {
    "_MSG_TIMED_OUT": "Kafka at {servers} did not answer in time: is it running, is KAFKA_BOOTSTRAP_SERVERS right?",
    "_UNKNOWN_TOPIC": "the topic {topic} does not exist: create it, or correct KAFKA_TOPIC",
    "UNKNOWN_TOPIC_OR_PART": "the topic {topic} does not exist: create it, or correct KAFKA_TOPIC",
    "MSG_SIZE_TOO_LARGE": "these are larger than the broker takes (its setting is message.max.bytes)",
    "TOPIC_AUTHORIZATION_FAILED": "this user may not write to {topic}: grant it, or correct KAFKA_SASL_USERNAME",
    "NOT_ENOUGH_REPLICAS": "too few brokers hold {topic} for a safe write: bring the missing ones back",
}

CONNECTION_ADVICE = "check KAFKA_SECURITY_PROTOCOL, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SSL_CA_LOCATION"


@contextmanager
def progress(console: LiteralConsole, total: int | None) -> Iterator[Callable[[Delivery], None]]:
    """Show a bar of what Kafka acknowledged, on a terminal only. Yields the `on_progress` for a `Sender`.

    `total` is how many messages there will be; None if that is not known.
    """
    columns = (
        SpinnerColumn(),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:,.0f}/s", markup=False),
        TextColumn("{task.fields[failed]}", style="red", markup=False),
        TimeRemainingColumn(),
    )
    started = shown = time.monotonic()
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=total, rate=0.0, failed="")

        def update(delivery: Delivery) -> None:
            nonlocal shown
            now = time.monotonic()
            if now - shown < REFRESH_SECONDS:
                return
            shown = now
            failed = delivery.failed.total()
            rate = delivery.delivered / (now - started)
            bar.update(task, completed=delivery.delivered, rate=rate, failed=f"{failed:,} failed" if failed else "")

        yield update


def summary(delivery: Delivery, topic: str, servers: str, total: int | None = None) -> list[str]:
    """The run in lines of text: how much was published, then each failure with what to do about it.

    `total` is how many messages there were to be; None if that is not known.
    """
    rate = delivery.delivered / delivery.seconds if delivery.seconds > 0 else 0.0
    lines = [f"{_messages(delivery.delivered)} published to {topic} in {delivery.seconds:.1f} s ({rate:,.0f}/s)"]
    for reason, count in delivery.failed.most_common():
        advice = ADVICE.get(reason.partition(":")[0], "").format(servers=servers, topic=topic)
        lines.append(f"{_messages(count)} not delivered: {reason}" + (f"; {advice}" if advice else ""))
    lines.extend(_failures(delivery))
    if delivery.connection_error:
        lines.append(f"a broker refused the connection: {delivery.connection_error}; {CONNECTION_ADVICE}")
    if delivery.unknown:
        lines.append(f"{_messages(delivery.unknown)} neither acknowledged nor refused: they may be in Kafka or not")
        lines.extend(_unanswered(delivery))
    if delivery.ranges and delivery.delivered > 1:
        lines.append(f"their places: {_places(delivery)}")
    if total != 1:
        lines.extend(_ended_early(delivery, total))
    return lines


def silence(delivery: Delivery, servers: str, timeout: float) -> str:
    """What a person is told while Kafka does not answer, and the sender goes on trying."""
    why = f" ({delivery.trouble})" if delivery.trouble else ""
    return (
        f"Kafka at {servers} does not answer{why}: is it running, is KAFKA_BOOTSTRAP_SERVERS right? "
        f"{_messages(delivery.unknown)} waiting; each is given up after --timeout {timeout:g} s"
    )


def _failures(delivery: Delivery) -> Iterator[str]:
    """A line for each of the first failures of traced records: where the record came from and where it was to go."""
    if delivery.failed.total() == delivery.sent == 1:
        return  # the line before says it all
    for failure in delivery.failures:
        where = "" if failure.partition is None else f", for partition {failure.partition}"
        yield f"  {failure.origin}{where}: {failure.reason}"
    if delivery.failed.total() > len(delivery.failures) > 0:
        yield f"  and {delivery.failed.total() - len(delivery.failures):,} more"


def _unanswered(delivery: Delivery) -> Iterator[str]:
    """A line for each of the first traced records of which Kafka said nothing."""
    for origin in islice(delivery.unanswered, KEPT_FAILURES):
        yield f"  {origin}"
    if len(delivery.unanswered) > KEPT_FAILURES:
        yield f"  and {len(delivery.unanswered) - KEPT_FAILURES:,} more"


def _ended_early(delivery: Delivery, total: int | None) -> Iterator[str]:
    """Why a run ended before its last record, and how far it came."""
    if delivery.stopped:
        yield "stopped at the first failure that every later message would have met as well"
    if not (delivery.stopped or delivery.interrupted) or delivery.sent == total:
        return
    of_all = "" if total is None else f" of {total:,}"
    if delivery.last_origin:
        yield f"sent up to {delivery.last_origin}; nothing after it"
    else:
        yield (
            f"sent the first {_messages(delivery.sent)}{of_all}; nothing after" if delivery.sent else "nothing was sent"
        )


def _places(delivery: Delivery) -> str:
    """Where the traced records are, for the first partitions: `0@12 to 0@80, 1@7`."""
    ranges = sorted(delivery.ranges.items())[:SHOWN_PARTITIONS]
    places = [f"{k}@{first}" + (f" to {k}@{last}" if last > first else "") for k, (first, last) in ranges]
    left = len(delivery.ranges) - len(places)
    return ", ".join(places) + (f" and {left} partitions more" if left else "")


def _messages(count: int) -> str:
    return f"{count:,} message" + ("" if count == 1 else "s")
