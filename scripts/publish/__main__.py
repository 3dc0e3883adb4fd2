"""Publish events to Kafka: one sale, one rating, the lines of a file, or millions of events whose totals are known.

The command reads the consumer's KAFKA_ settings, such as KAFKA_BOOTSTRAP_SERVERS and KAFKA_TOPIC. It ends when Kafka
has acknowledged every message, or reports how many Kafka did not acknowledge, and why.

Exit codes: 0 Kafka holds all messages · 1 some are not in Kafka · 2 wrong usage, or an event that consumers reject ·
78 a setting is wrong · 130 and 143 interrupted by Ctrl-C and SIGTERM; the report counts what was sent before.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from scripts.common.commands import application
from scripts.common.errors import file_problem
from scripts.publish import publisher, single_event
from scripts.publish.generate import generate as generate_messages
from scripts.publish.send import KeyAndValue
from scripts.publish.totals import Totals, counted

app = application(__doc__)

Product = Annotated[str, typer.Option(help="Id of the product.", show_default=False)]
Name = Annotated[str | None, typer.Option(help="Name of the product.", show_default="Product and its id")]
OccurredAt = Annotated[
    str | None,
    typer.Option(
        help="Time of the event, RFC 3339 with an offset: 2026-06-01T12:00:00Z.", show_default="when Kafka gets it"
    ),
]
Extra = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="A further field of the event; may be repeated.", show_default=False),
]
NoCheck = Annotated[bool, typer.Option("--no-check", help="Send the event even if consumers would reject it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print keys and values instead of sending them to Kafka.")]
Rate = Annotated[float, typer.Option(min=0, help="Send so many messages a second; 0 sends as fast as possible.")]
Timeout = Annotated[
    float,
    typer.Option(min=1, max=900, help="A message counts as failed if Kafka has not acknowledged it after so many s."),
]


@app.command()
def sold(
    product: Product,
    units: Annotated[str, typer.Option(help="How many units were sold.", show_default=False)],
    amount: Annotated[str, typer.Option(help="The price of all units; every digit is kept.", show_default=False)],
    name: Name = None,
    occurred_at: OccurredAt = None,
    extra: Extra = None,
    no_check: NoCheck = False,
    dry_run: DryRun = False,
    timeout: Timeout = 30.0,
) -> None:
    """Publish one sale: `sold --product 3 --units 10 --amount 1000`

    A value that is JSON is sent as it was typed, any other as text. To send a number as text, type its quotes too:
    `--amount '"1000"'`.
    """
    record = single_event.sold(_fields(product, name, occurred_at, extra), units, amount)
    publisher.publish_one(record, check=not no_check, dry_run=dry_run, timeout=timeout)


@app.command()
def rated(
    product: Product,
    rating: Annotated[str, typer.Option(help="The rating, 0 to 5, with at most two decimals.", show_default=False)],
    category: Annotated[str, typer.Option(help="Category of the product.", show_default=False)],
    name: Name = None,
    occurred_at: OccurredAt = None,
    extra: Extra = None,
    no_check: NoCheck = False,
    dry_run: DryRun = False,
    timeout: Timeout = 30.0,
) -> None:
    """Publish one rating: `rated --product 1 --rating 4.5 --category Software`"""
    record = single_event.rated(_fields(product, name, occurred_at, extra), rating, category)
    publisher.publish_one(record, check=not no_check, dry_run=dry_run, timeout=timeout)


@app.command()
def generate(
    count: Annotated[int, typer.Option(min=1, help="Publish so many messages.")] = 1000,
    products: Annotated[
        int, typer.Option(min=1, max=10_000_000, help="The messages are about the products 1 to this number.")
    ] = 1000,
    rate: Rate = 0.0,
    invalid: Annotated[
        float, typer.Option(min=0, max=1, help="Share of messages that consumers reject, for every reason in turn.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same messages.")] = 0,
    unkeyed: Annotated[
        bool, typer.Option("--unkeyed", help="Send no keys, so that a product's events go to any partition.")
    ] = False,
    spread: Annotated[
        int,
        typer.Option(min=0, help="Spread the events' times over the last so many seconds; 0: they happen on arrival."),
    ] = 0,
    totals: Annotated[
        Path | None,
        typer.Option(
            help="Write to this file, as JSON, what consumers have counted once they read all.", show_default=False
        ),
    ] = None,
    dry_run: DryRun = False,
    timeout: Timeout = 30.0,
) -> None:
    """Publish many: `generate --count 1000000 --products 1000 --rate 5000 --invalid 0.01 --seed 7`"""
    sums = Totals()
    messages = generate_messages(
        count, products, seed, invalid, keyed=not unkeyed, spread_seconds=spread, now_ms=publisher.now_ms()
    )
    publisher.publish_all(
        counted(messages, sums),
        total=count,
        rate=rate,
        dry_run=dry_run,
        timeout=timeout,
        totals=sums,
        totals_file=totals,
    )


@app.command(name="file")
def file_(
    path: Annotated[
        str, typer.Argument(help="File whose lines are the messages' values; - is standard input.", show_default=False)
    ],
    rate: Rate = 0.0,
    dry_run: DryRun = False,
    timeout: Timeout = 30.0,
) -> None:
    """Publish each line of a file as it is, unchecked and without a key: `file events.ndjson`"""
    try:
        opened = nullcontext(sys.stdin.buffer) if path == "-" else open(path, "rb")  # noqa: SIM115
    except OSError as error:
        raise typer.BadParameter(file_problem(error)) from None
    with opened as lines:
        publisher.publish_all(_values(lines), total=None, rate=rate, dry_run=dry_run, timeout=timeout, waits=True)


def _values(lines: Iterable[bytes]) -> Iterator[KeyAndValue]:
    """A record without a key for each line, whose line feed is left out."""
    return (KeyAndValue(None, line.removesuffix(b"\n")) for line in lines)


def _fields(product: str, name: str | None, occurred_at: str | None, extra: list[str] | None) -> single_event.Fields:
    """The options that both events have. Raises BadParameter for an `--extra` that is not KEY=VALUE."""
    for pair in extra or []:
        if "=" not in pair:
            raise typer.BadParameter(f"{pair!r} has no =", param_hint="--extra")
    return single_event.Fields(product, name, occurred_at, extra or [])


if __name__ == "__main__":
    app(prog_name="python -m scripts.publish")
