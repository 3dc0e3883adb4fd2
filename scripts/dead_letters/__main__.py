"""List rejected messages, show one, replay those that the contract accepts by now, discard or export them.

A rejected message is stored as a dead letter. A letter is named by its coordinates in Kafka: `PARTITION:OFFSET`, or
`PARTITION:OFFSET:GENERATION` if the topic was created again since. Letters are also chosen by reason, partition, state
and time of rejection. The command reads the consumer's settings.

Exit codes: 0 done · 1 some letters were left as they are, or MongoDB or Kafka does not answer · 2 wrong usage · 78 a
setting is wrong.
"""

import json
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from consumer.process import failpoints
from consumer.process.clocks import Clocks
from scripts.common.sessions import only_session
from scripts.dead_letters import display, original_value, replay_run
from scripts.dead_letters.error_messages import errors_as_messages, messages, require_a_choice, require_any
from scripts.dead_letters.options import COORDINATES_HELP, All, Coordinates, Partitions, Reasons, Since, States, Until
from scripts.dead_letters.replay import Replays
from scripts.dead_letters.selection import Selection
from shared.documents import REJECTED_EVENTS, REPLAYER, LetterState
from shared.mongo import SyncDatabase, connect, ensure_collections
from shared.settings import ConsumerSettings

app = typer.Typer(
    help=__doc__,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_show_locals=False,  # local variables may hold messages
)


@app.command(name="list")
def list_(
    reason: Reasons = None,
    partition: Partitions = None,
    state: States = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many letters.")] = 50,
) -> None:
    """Show letters in order of partition and offset, and how many there are for each reason."""
    with errors_as_messages():
        settings, database = _connected()
        selection = _selection(settings, None, reason, partition, state, since, until)
        letters = list(selection.find(database, limit))
        by_reason = [{"$match": selection.query()}, {"$group": {"_id": "$reason", "count": {"$sum": 1}}}]
        counts = {group["_id"]: group["count"] for group in database[REJECTED_EVENTS].aggregate(by_reason)}
    console = Console()
    if not console.is_terminal:
        console.width = display.FILE_WIDTH
    console.print(display.table(letters))
    shown = f", {len(letters)} of them shown" if sum(counts.values()) > len(letters) else ""
    messages.print(f"{sum(counts.values())} dead letters{shown}; {display.counted(counts)}", highlight=False)


@app.command(name="show")
def show_(
    coordinates: Annotated[list[str], typer.Argument(help=COORDINATES_HELP)],
) -> None:
    """Show all that is stored of a letter: why it was rejected, headers, key and value."""
    with errors_as_messages():
        settings, database = _connected()
        for letter in require_any(_selection(settings, coordinates).find(database)):
            for line in display.lines(letter):
                print(line)  # noqa: T201


@app.command()
def replay(
    coordinates: Coordinates = None,
    reason: Reasons = None,
    partition: Partitions = None,
    since: Since = None,
    until: Until = None,
    all_: All = False,
    force: Annotated[bool, typer.Option(help="Replay discarded letters too.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Only report what the contract says of the letters now.")] = False,
) -> None:
    """Judge letters again, and store as events those that the contract accepts now.

    Each counts exactly once, even if the command is killed or run twice at the same time.
    """
    with errors_as_messages():
        failpoints.arm()
        settings, database = _connected()
        states: list[str] = [LetterState.NEW, LetterState.DISCARDED] if force else [LetterState.NEW]
        selection = _selection(settings, coordinates, reason, partition, None if coordinates else states, since, until)
        require_a_choice(selection, all_)
        ensure_collections(database)
        Clocks(database, _now).check()
        with only_session(database, REPLAYER) as session:
            replays = Replays(
                database,
                session,
                settings.event_retention_days,
                states,
                lambda letter: original_value.value_of(letter, database, settings),
                _now,
            )
            outcomes = replay_run.replayed(replays, require_any(selection.find(database)), dry_run)
            if not replay_run.report(outcomes, messages):
                raise typer.Exit(1)


@app.command()
def discard(
    coordinates: Coordinates = None,
    reason: Reasons = None,
    partition: Partitions = None,
    since: Since = None,
    until: Until = None,
    all_: All = False,
    note: Annotated[str, typer.Option(help="Why; the note is kept with the letters.")] = "",
) -> None:
    """Mark new letters as not worth replaying. They stay stored, and `replay --force` still replays them."""
    with errors_as_messages():
        settings, database = _connected()
        selection = _selection(settings, coordinates, reason, partition, None, since, until)
        require_a_choice(selection, all_)
        change = {"$set": {"state": LetterState.DISCARDED, "discarded_at": _now()} | ({"note": note} if note else {})}
        found = database[REJECTED_EVENTS].count_documents(selection.query())
        changed = database[REJECTED_EVENTS].update_many(
            {"$and": [selection.query(), {"state": LetterState.NEW}]}, change
        )
    messages.print(
        f"{changed.modified_count} discarded, {found - changed.modified_count} were not new", highlight=False
    )
    if coordinates and changed.modified_count < len(coordinates):
        raise typer.Exit(1)


@app.command()
def export(
    coordinates: Coordinates = None,
    reason: Reasons = None,
    partition: Partitions = None,
    state: States = None,
    since: Since = None,
    until: Until = None,
    output: Annotated[Path | None, typer.Option(help="File to write.", show_default="standard output")] = None,
) -> None:
    """Write letters as JSON, one a line, their bytes in base64."""
    with errors_as_messages():
        settings, database = _connected()
        letters = _selection(settings, coordinates, reason, partition, state, since, until).find(database)
        count = 0
        with nullcontext(sys.stdout) if output is None else output.open("w", encoding="utf-8") as file:
            for letter in letters:
                file.write(json.dumps(display.as_json(letter)) + "\n")
                count += 1
    messages.print(f"{count} dead letters written", highlight=False)


def _selection(
    settings: ConsumerSettings,
    coordinates: list[str] | None = None,
    reasons: list[str] | None = None,
    partitions: list[int] | None = None,
    states: list[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Selection:
    """The options as a selection among the letters of the consumer's topic; None chooses all."""
    given = (coordinates or (), reasons or (), partitions or (), states or ())
    return Selection(settings.kafka_topic, *given, since, until)


def _connected() -> tuple[ConsumerSettings, SyncDatabase]:
    """The settings and the consumer's database. Raises ConfigurationError."""
    settings = ConsumerSettings.load()
    return settings, connect(settings, "scripts.dead_letters")


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    app()
