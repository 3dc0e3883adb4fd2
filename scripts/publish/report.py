"""Shows a person how a run goes: a progress bar while it lasts, lines of text at its end."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from scripts.common.console import LiteralConsole
from scripts.publish.send import Delivery

REFRESH_SECONDS = 0.1
"""Ten times a second a bar looks as if it moved. Twice as often costs twice the drawing; half as often, it jerks."""

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


def summary(delivery: Delivery, topic: str, servers: str) -> list[str]:
    """The run in lines of text: how much was published, then each failure with what to do about it."""
    rate = delivery.delivered / delivery.seconds if delivery.seconds > 0 else 0.0
    lines = [f"{_messages(delivery.delivered)} published to {topic} in {delivery.seconds:.1f} s ({rate:,.0f}/s)"]
    for reason, count in delivery.failed.most_common():
        advice = ADVICE.get(reason.partition(":")[0], "").format(servers=servers, topic=topic)
        lines.append(f"{_messages(count)} not delivered: {reason}" + (f"; {advice}" if advice else ""))
    if delivery.connection_error:
        lines.append(f"a broker refused the connection: {delivery.connection_error}; {CONNECTION_ADVICE}")
    if delivery.unknown:
        lines.append(f"{_messages(delivery.unknown)} neither acknowledged nor refused: they may be in Kafka or not")
    if delivery.stopped:
        lines.append("stopped at the first failure that every later message would have met as well")
    return lines


def _messages(count: int) -> str:
    return f"{count:,} message" + ("" if count == 1 else "s")
