"""Find an event or a dead letter wherever it is, and what became of it. Nothing is changed anywhere.

`find` is asked by the place that `scripts.publish` prints, by the event's id, by product, or by the message's key. It
shows the stored document, the dead letter, and key, headers and value of the message as far as Kafka still holds it.
The command reads the consumer's settings; a MongoDB user who may only read is enough.

Exit codes: 0 found · 1 not found, or MongoDB does not answer · 2 wrong usage · 3 not found so far, but not everything
was searched: the last lines say what was left out · 78 a setting is wrong.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import typer

from scripts.common.commands import application
from scripts.common.console import LiteralConsole
from scripts.common.errors import NOT_DONE, errors_as_messages
from scripts.common.fates.fate import Lookups
from scripts.common.fates.places import Place, parse_place
from scripts.events.budget import Budget
from scripts.events.finding import Finding
from scripts.events.messages import Messages
from scripts.events.records import Records
from scripts.events.search import Search
from scripts.events.stored import Stored
from shared.events import MAX_PRODUCT_ID
from shared.mongo import connect
from shared.settings import ConsumerSettings

NOT_FOUND_SO_FAR: Final = 3

app = application(__doc__)
output = LiteralConsole()
messages = LiteralConsole(stderr=True)


@app.callback()
def events() -> None:
    """Make `find` a command of its own, as those of the other packages are."""


@app.command()
def find(
    at: Annotated[
        str | None,
        typer.Option(help="The message at PARTITION@OFFSET or PARTITION@OFFSET:GENERATION.", show_default=False),
    ] = None,
    event_id: Annotated[
        str | None, typer.Option(help="Events with this id; quick with --product.", show_default=False)
    ] = None,
    product: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=MAX_PRODUCT_ID,
            help="The product's latest events, or the one whose event has the id.",
            show_default=False,
        ),
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Dead letters and Kafka's latest messages with this key.", show_default=False)
    ] = None,
    last: Annotated[int, typer.Option(min=1, max=1000, help="Show at most so many.")] = 10,
    records: Annotated[
        int, typer.Option(min=1, max=10_000_000, help="With --key: search so many of Kafka's latest messages.")
    ] = 20_000,
    seconds: Annotated[float, typer.Option(min=0.1, max=3600, help="Search for so many seconds at most.")] = 10.0,
    no_kafka: Annotated[bool, typer.Option("--no-kafka", help="Show what MongoDB holds alone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Show a message: what became of it, what is stored of it, and its key and headers in Kafka.

    `find --at 7@9908`, `find --event-id order-17 --product 3`, `find --product 3 --last 10`, `find --key 3`
    """
    if [at, key].count(None) + ((event_id or product) is None) != 2:
        raise typer.BadParameter(
            "say exactly one of --at, --key, --product and --event-id; only --product may go with --event-id"
        )
    place = _place(at)
    budget = Budget(seconds)
    with errors_as_messages(messages), _search(budget, no_kafka) as search:
        if place is not None:
            found = search.at(place)
        elif key is not None:
            found = search.by_key(key.encode("utf-8", "surrogateescape"), records, last)
        elif event_id is not None:
            found = search.by_id(event_id, product, last)
        else:
            found = search.of_product(product or 0, last)
    raise typer.Exit(_shown(found, budget, as_json))


def _shown(found: list[Finding], budget: Budget, as_json: bool) -> int:
    """Print the findings, and what a person has to know beside them. Returns the exit code."""
    if as_json:
        findings = [each.as_json() for each in found]
        output.json({"found": findings, "complete": budget.is_complete, "notes": budget.notes})
    else:
        for number, finding in enumerate(found):
            for line in (*([""] if number else []), *finding.lines()):
                output.print(line)
    for note in budget.notes:
        messages.print(note)
    if any(each.is_there for each in found):
        return 0
    messages.print("nothing was found" + ("" if budget.is_complete else " so far"))
    return NOT_DONE if budget.is_complete else NOT_FOUND_SO_FAR


@contextmanager
def _search(budget: Budget, no_kafka: bool) -> Iterator[Search]:
    """A search of the consumer's database and topic. Raises ConfigurationError."""
    settings = ConsumerSettings.load()
    database = connect(settings, "scripts.events")
    records = None if no_kafka else Records(settings)
    try:
        lookups = Lookups(database, settings.group_id, settings.kafka_topic)
        stored, beside = Stored(database, settings.kafka_topic, budget), Messages(lookups, records, budget)
        yield Search(lookups, stored, beside, budget)
    finally:
        if records is not None:
            records.close()
        database.client.close()


def _place(at: str | None) -> Place | None:
    try:
        return None if at is None else parse_place(at)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--at") from None


if __name__ == "__main__":
    app(prog_name="python -m scripts.events")
