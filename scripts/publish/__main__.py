"""Publish events to Kafka: one sale, one rating, a file of your own, or millions whose totals are known.

Kafka is found by the consumer's own variables: KAFKA_BOOTSTRAP_SERVERS, KAFKA_TOPIC and the other KAFKA_ settings.
The command ends when Kafka has acknowledged every message, or says which ones it has not.

Exit codes: 0 all are in Kafka · 1 some are not · 2 wrong usage, or an event that consumers reject · 78 a wrong
setting · 130 and 143 interrupted: what was sent before is counted.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from scripts.publish import publisher as _run
from scripts.publish import single_event as _single
from scripts.publish.generate import generate as generate_messages
from scripts.publish.send import PlainRecord
from scripts.publish.totals import Totals, counted

app = typer.Typer(
    help=__doc__,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
)

Product = Annotated[str, typer.Option(help="Product id.", show_default=False)]
Name = Annotated[str | None, typer.Option(help="Name of the product.", show_default="Product and its id")]
OccurredAt = Annotated[
    str | None, typer.Option(help="When it happened, RFC 3339 with offset.", show_default="when Kafka gets it")
]
Extra = Annotated[
    list[str] | None, typer.Option(metavar="KEY=VALUE", help="A further field; may be repeated.", show_default=False)
]
NoCheck = Annotated[bool, typer.Option("--no-check", help="Send it even if consumers would reject it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print keys and values, and touch no Kafka.")]
Rate = Annotated[float, typer.Option(min=0, help="Messages a second; 0: as fast as possible.")]
Timeout = Annotated[
    float,
    typer.Option(min=1, max=900, help="Seconds after which a message that Kafka has not acknowledged has failed."),
]


@app.command()
def sold(
    product: Product,
    units: Annotated[str, typer.Option(help="How many were sold.", show_default=False)],
    amount: Annotated[str, typer.Option(help="What they brought; every digit is kept.", show_default=False)],
    name: Name = None,
    occurred_at: OccurredAt = None,
    extra: Extra = None,
    no_check: NoCheck = False,
    dry_run: DryRun = False,
    timeout: Timeout = 30.0,
) -> None:
    """Publish one sale: `sold --product 3 --units 10 --amount 1000`

    Values that are JSON are sent as they are typed, others as text; a number as text needs its quotes: `'"1000"'`.
    """
    record = _single.sold(_fields(product, name, occurred_at, extra), units, amount)
    _run.one(record, check=not no_check, dry_run=dry_run, timeout=timeout)


@app.command()
def rated(
    product: Product,
    rating: Annotated[str, typer.Option(help="From 0 to 5, with at most two decimals.", show_default=False)],
    category: Annotated[str, typer.Option(help="Category of the product.", show_default=False)],
    name: Name = None,
    occurred_at: OccurredAt = None,
    extra: Extra = None,
    no_check: NoCheck = False,
    dry_run: DryRun = False,
    timeout: Timeout = 30.0,
) -> None:
    """Publish one rating: `rated --product 1 --rating 4.5 --category Software`"""
    record = _single.rated(_fields(product, name, occurred_at, extra), rating, category)
    _run.one(record, check=not no_check, dry_run=dry_run, timeout=timeout)


@app.command()
def generate(
    count: Annotated[int, typer.Option(min=1, help="How many messages.")] = 1000,
    products: Annotated[int, typer.Option(min=1, max=10_000_000, help="Their product ids are 1 to this.")] = 1000,
    rate: Rate = 0.0,
    invalid: Annotated[
        float, typer.Option(min=0, max=1, help="Fraction that consumers reject, of every reason.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same messages.")] = 0,
    unkeyed: Annotated[
        bool, typer.Option("--unkeyed", help="No keys, so a product's events go to any partition.")
    ] = False,
    spread: Annotated[
        int,
        typer.Option(min=0, help="Events happened at any time in the last so many seconds; 0: when Kafka gets them."),
    ] = 0,
    totals: Annotated[
        Path | None,
        typer.Option(help="Write what consumers must have counted to this file, as JSON.", show_default=False),
    ] = None,
    dry_run: DryRun = False,
    timeout: Timeout = 30.0,
) -> None:
    """Publish many: `generate --count 1000000 --products 1000 --rate 5000 --invalid 0.01 --seed 7`"""
    sums = Totals()
    messages = generate_messages(
        count, products, seed, invalid, keyed=not unkeyed, spread_seconds=spread, now_ms=_run.now_ms()
    )
    _run.many(
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
    path: Annotated[str, typer.Argument(help="One value a line; - for standard input.", show_default=False)],
    rate: Rate = 0.0,
    dry_run: DryRun = False,
    timeout: Timeout = 30.0,
) -> None:
    """Publish the lines of a file as they are, unchecked and without keys: `file events.ndjson`"""
    try:
        opened = nullcontext(sys.stdin.buffer) if path == "-" else open(path, "rb")  # noqa: SIM115
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be read: {error.strerror}") from None
    with opened as lines:
        _run.many(_values(lines), total=None, rate=rate, dry_run=dry_run, timeout=timeout, waits=True)


def _values(lines: Iterable[bytes]) -> Iterator[PlainRecord]:
    return (PlainRecord(None, line.removesuffix(b"\n")) for line in lines)


def _fields(product: str, name: str | None, occurred_at: str | None, extra: list[str] | None) -> _single.Fields:
    for pair in extra or []:
        if "=" not in pair:
            raise typer.BadParameter(f"{pair!r} has no =", param_hint="--extra")
    return _single.Fields(product, name, occurred_at, extra or [])


if __name__ == "__main__":
    app(prog_name="python -m scripts.publish")
