"""Publish events to Kafka: one sale, one rating, the lines of a file, or millions of events whose totals are known.

The command reads the consumer's settings, such as KAFKA_BOOTSTRAP_SERVERS and KAFKA_TOPIC. It ends when Kafka has
acknowledged every message, or reports how many Kafka did not acknowledge, and why. `sold` and `rated` print the place
of their event, such as `7@9908` (partition 7, offset 9908), by which `python -m scripts.events find` finds it again.

Exit codes: 0 Kafka has all messages; with `--wait`: it is counted · 1 Kafka did not take some, or `--skip-rejected`
left some out · 2 wrong usage, or nothing was sent since some would be rejected or there was no message · with `--wait`:
3 duplicate, 4 rejected, 5 not handled yet, 6 neither an event nor a dead letter, or unknown since MongoDB does not
answer · 78 a setting is wrong · 130, 143 Ctrl-C, SIGTERM: the report says how far it came.
"""

from pathlib import Path
from typing import Annotated

import typer

from scripts.common.commands import application
from scripts.publish import single_event, single_run
from scripts.publish.file_run import Options, publish_file
from scripts.publish.files.forms import Form
from scripts.publish.generated.repeats import Shares
from scripts.publish.generated_run import Stream, publish_stream
from shared.events import EVENT_NAME_KEYS, RATED_FIELDS, SOLD_FIELDS

app = application(__doc__)

Product = Annotated[str, typer.Option(help="Id of the product.", show_default=False)]
Name = Annotated[str | None, typer.Option(help="Name of the product.", show_default="Product and its id")]
OccurredAt = Annotated[
    str | None,
    typer.Option(
        help="Time of the event, RFC 3339 with an offset: 2026-06-01T12:00:00Z.", show_default="when Kafka gets it"
    ),
]
EventId = Annotated[
    str | None,
    typer.Option(help="The event's id: an event that is published twice with it counts once.", show_default="none"),
]
Extra = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="A further field of the event; may be repeated.", show_default=False),
]
NoCheck = Annotated[bool, typer.Option("--no-check", help="Send the event even if consumers would reject it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print keys and values instead of sending them to Kafka.")]
Wait = Annotated[
    bool,
    typer.Option("--wait", help="Ask MongoDB what became of the event: counted, a duplicate, or rejected and why."),
]
Deadline = Annotated[
    float, typer.Option(min=0.1, max=3600, help="With --wait: how many seconds consumers have to handle the event.")
]
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
    event_id: EventId = None,
    extra: Extra = None,
    no_check: NoCheck = False,
    dry_run: DryRun = False,
    timeout: Timeout = 30.0,
    wait: Wait = False,
    deadline: Deadline = 30.0,
) -> None:
    """Publish one sale: `sold --product 3 --units 10 --amount 1000`

    A value that is JSON is sent as it was typed, any other as text. To send a number as text, type its quotes too:
    `--amount '"1000"'`.
    """
    record = single_event.sold(_fields(product, name, occurred_at, extra, event_id, SOLD_FIELDS), units, amount)
    single_run.publish_one(
        record, check=not no_check, dry_run=dry_run, timeout=timeout, deadline=deadline if wait else None
    )


@app.command()
def rated(
    product: Product,
    rating: Annotated[str, typer.Option(help="The rating, 0 to 5, with at most two decimals.", show_default=False)],
    category: Annotated[str, typer.Option(help="Category of the product.", show_default=False)],
    name: Name = None,
    occurred_at: OccurredAt = None,
    event_id: EventId = None,
    extra: Extra = None,
    no_check: NoCheck = False,
    dry_run: DryRun = False,
    timeout: Timeout = 30.0,
    wait: Wait = False,
    deadline: Deadline = 30.0,
) -> None:
    """Publish one rating: `rated --product 1 --rating 4.5 --category Software`"""
    record = single_event.rated(_fields(product, name, occurred_at, extra, event_id, RATED_FIELDS), rating, category)
    single_run.publish_one(
        record, check=not no_check, dry_run=dry_run, timeout=timeout, deadline=deadline if wait else None
    )


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
    duplicates: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Share of messages that repeat an earlier one; every valid event then has an id."
        ),
    ] = 0.0,
    conflicts: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of messages with an earlier one's id and other content; needs keys."),
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same messages.")] = 0,
    unkeyed: Annotated[
        bool, typer.Option("--unkeyed", help="Send no keys, so that a product's events go to any partition.")
    ] = False,
    spread: Annotated[
        int,
        typer.Option(min=0, help="Spread the events' times over the last so many seconds, within the retention."),
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
    stream = Stream(count, products, seed, invalid, Shares(duplicates, conflicts), not unkeyed, spread)
    publish_stream(stream, rate=rate, dry_run=dry_run, timeout=timeout, totals_file=totals)


@app.command(name="file")
def file_(
    path: Annotated[str, typer.Argument(help="File of messages in any form that is named below; - is standard input.")],
    form: Annotated[
        Form | None,
        typer.Option("--format", help="How the file holds messages.", show_default="auto; lines with --no-check"),
    ] = None,
    no_check: Annotated[bool, typer.Option("--no-check", help="Send every message as it is, unchecked.")] = False,
    skip_rejected: Annotated[
        bool, typer.Option("--skip-rejected", help="Send the others although consumers would reject some.")
    ] = False,
    rate: Rate = 0.0,
    dry_run: DryRun = False,
    timeout: Timeout = 30.0,
) -> None:
    """Publish the messages of a file, without keys, if consumers accept all of them: `file events.ndjson`

    The file holds JSON, one event a line, pretty-printed or in arrays; or CSV with a header row. It may be gzip, UTF-8
    with a byte order mark, or UTF-16 with one. `--format lines` and `--no-check` send each line as it is.
    """
    if no_check and skip_rejected:
        raise typer.BadParameter("--skip-rejected needs the check that --no-check leaves out")
    publish_file(path, Options(form, not no_check, skip_rejected, rate, dry_run, timeout))


def _fields(
    product: str,
    name: str | None,
    occurred_at: str | None,
    extra: list[str] | None,
    event_id: str | None,
    of_event: frozenset[str],
) -> single_event.Fields:
    """The options that both events have; `of_event` are the fields that the contract gives this one.

    Raises BadParameter for an `--extra` that is not KEY=VALUE, or is no further field.
    """
    for pair in extra or []:
        key, separator, _ = pair.partition("=")
        if not separator:
            raise typer.BadParameter(f"{pair!r} has no =", param_hint="--extra")
        if key in of_event or key in EVENT_NAME_KEYS:
            raise typer.BadParameter(
                f"{key} is no further field but one of the event's own, which other options give", param_hint="--extra"
            )
    return single_event.Fields(product, name, occurred_at, extra or [], event_id)


if __name__ == "__main__":
    app(prog_name="python -m scripts.publish")
