"""List rejected messages, show one, replay those that the contract accepts by now, discard or export them.

A rejected message is stored as a dead letter. A letter is named by its coordinates in Kafka: `PARTITION:OFFSET`, or
`PARTITION:OFFSET:GENERATION` if the topic was created again since. Letters are also chosen by reason, partition, state
and time of rejection. The command reads the consumer's settings.

Exit codes: 0 done · 1 some letters were left as they are, a file cannot be used, or MongoDB or Kafka does not answer ·
2 wrong usage, or `discard` without a terminal to ask and without `--yes` · 78 a setting is wrong.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from consumer.process import failpoints
from consumer.process.clocks import Clocks
from scripts.common.commands import application
from scripts.common.confirmation import Yes
from scripts.common.console import LiteralConsole, json_text
from scripts.common.sessions import only_session
from scripts.dead_letters import discarding, display, original_value, replay_run
from scripts.dead_letters.error_messages import errors_as_messages, messages, require_a_choice, require_any
from scripts.dead_letters.options import (
    AS_NEW_HELP,
    COORDINATES_HELP,
    All,
    AsJson,
    Coordinates,
    Partitions,
    Reasons,
    Since,
    States,
    Until,
)
from scripts.dead_letters.replay import Replays
from scripts.dead_letters.replayed_ids import ReplayedIds
from scripts.dead_letters.selection import Selection
from shared.documents import REPLAYER, LetterState
from shared.mongo import SyncDatabase, connect, ensure_collections
from shared.settings import ConsumerSettings

app = application(__doc__)
output = LiteralConsole()


@app.command(name="list")
def list_(
    reason: Reasons = None,
    partition: Partitions = None,
    state: States = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, help="Show the newest letters, at most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show letters, those that were rejected last first, and how many there are for each reason."""
    with errors_as_messages():
        settings, database = _connected()
        selection = _selection(settings, None, reason, partition, state, since, until)
        letters = selection.summaries(database, limit)
        counts = selection.count_by_reason(database)
    if as_json:
        output.json(display.summaries_as_json(letters))
    else:
        display.print_list(output, letters)
    total = sum(counts.values())
    shown = f", the newest {len(letters)} of them shown" if total > len(letters) else ""
    messages.print(f"{total} dead letters{shown}" + (f"; {display.counted(counts)}" if counts else ""))


@app.command(name="show")
def show_(
    coordinates: Annotated[list[str], typer.Argument(help=COORDINATES_HELP)],
    as_json: AsJson = False,
) -> None:
    """Show all that is stored of a letter: why it was rejected, headers, key and value."""
    with errors_as_messages():
        settings, database = _connected()
        letters = require_any(_selection(settings, coordinates).find(database))
        if as_json:
            output.json(list(display.all_as_json(letters)))
            return
        for letter in letters:
            for line in display.lines(letter):
                output.print(line)


@app.command()
def replay(
    coordinates: Coordinates = None,
    reason: Reasons = None,
    partition: Partitions = None,
    since: Since = None,
    until: Until = None,
    all_: All = False,
    force: Annotated[bool, typer.Option(help="Replay discarded letters too.")] = False,
    as_new: Annotated[bool, typer.Option("--as-new", help=AS_NEW_HELP)] = False,
    dry_run: Annotated[bool, typer.Option(help="Only report what the contract says of the letters now.")] = False,
) -> None:
    """Judge letters again, and store as events those that the contract accepts now.

    Each counts exactly once, even if the command is killed or run twice at the same time. A letter whose event has an
    `event_id` that counted already stays rejected.
    """
    with errors_as_messages():
        failpoints.arm()
        settings, database = _connected()
        states: list[str] = [LetterState.NEW, LetterState.DISCARDED] if force else [LetterState.NEW]
        selection = _selection(settings, coordinates, reason, partition, None if coordinates else states, since, until)
        require_a_choice(selection, all_ and not as_new)
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
                ReplayedIds(database, settings.event_id_days, settings.event_id_header, as_new),
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
    yes: Yes = False,
) -> None:
    """Mark new letters as not worth replaying. They stay stored, and `replay --force` still replays them.

    Shows first how many letters that are, and asks.
    """
    with errors_as_messages():
        settings, database = _connected()
        selection = _selection(settings, coordinates, reason, partition, None, since, until)
        require_a_choice(selection, all_)
        discarded, left = discarding.discard(database, selection, note, _now(), messages, yes)
    messages.print(f"{discarded} discarded, {left} were not new")
    if coordinates and discarded < len(coordinates):
        raise typer.Exit(1)


@app.command()
def export(
    coordinates: Coordinates = None,
    reason: Reasons = None,
    partition: Partitions = None,
    state: States = None,
    since: Since = None,
    until: Until = None,
    output_: Annotated[
        Path | None, typer.Option("--output", help="File to write.", show_default="standard output")
    ] = None,
) -> None:
    """Write letters as JSON, one a line, their bytes in base64, in order of partition and offset."""
    with errors_as_messages():
        settings, database = _connected()
        letters = _selection(settings, coordinates, reason, partition, state, since, until).find(database)
        count = 0
        with _json_lines(output_) as write:
            for letter in display.all_as_json(letters):
                write(letter)
                count += 1
    messages.print(f"{count} dead letters written")


@contextmanager
def _json_lines(path: Path | None) -> Iterator[Callable[[Any], None]]:
    """Yields what writes a value as a line of JSON, to the file or, without one, to standard output. Raises OSError."""
    if path is None:
        yield lambda value: output.json(value, indent=None)
        return
    with path.open("w", encoding="utf-8") as file:

        def write(value: Any) -> None:
            file.write(json_text(value) + "\n")

        yield write


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
