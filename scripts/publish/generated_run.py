"""Publishes a generated stream, whose totals are known."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import typer

from scripts.common.errors import errors_as_messages
from scripts.publish import publisher
from scripts.publish.generated.generate import generate
from scripts.publish.generated.repeats import Shares, with_repeats
from scripts.publish.generated.totals import Totals, counted
from shared.settings import KafkaSettings

DAY_SECONDS: Final = 86_400
MARGIN_SECONDS: Final = 3_600
"""The oldest event of a stream is so much younger than the retention, since consumers judge it when they read it. At
twice this, the events of one day's retention spread over two hours less than that day; at half, a backlog of half an
hour rejects the oldest."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What is generated; `generate` says what each means."""

    count: int
    products: int
    seed: int
    invalid: float
    shares: Shares
    keyed: bool
    spread_seconds: int

    def problem(self, retention_days: int) -> str | None:
        """Why the totals of such a stream would be wrong; None where they are right."""
        most = retention_days * DAY_SECONDS - MARGIN_SECONDS
        if self.spread_seconds > most:
            return (
                f"--spread {self.spread_seconds} is too far back: consumers reject events that are older than "
                f"EVENT_RETENTION_DAYS={retention_days} days, so {most} is the most, an hour less than that"
            )
        return self.shares.problem(keyed=self.keyed)


def publish_stream(stream: Stream, *, rate: float, dry_run: bool, timeout: float, totals_file: Path | None) -> NoReturn:
    """Publish the stream's messages. Always raises typer.Exit, or BadParameter for a stream that cannot be."""
    with errors_as_messages(publisher.console):
        retention_days = KafkaSettings.load().event_retention_days
    if (problem := stream.problem(retention_days)) is not None:
        raise typer.BadParameter(problem)
    messages = generate(
        stream.count,
        stream.products,
        stream.seed,
        stream.invalid,
        keyed=stream.keyed,
        spread_seconds=stream.spread_seconds,
        now_ms=publisher.now_ms(),
    )
    if stream.shares.duplicates or stream.shares.conflicts:
        messages = with_repeats(messages, stream.count, stream.seed, stream.shares)
    sums = Totals()
    publisher.publish_all(
        counted(messages, sums),
        total=stream.count,
        rate=rate,
        dry_run=dry_run,
        timeout=timeout,
        totals=sums,
        totals_file=totals_file,
    )
