"""The options that several commands share, with the help that each of them shows."""

from datetime import datetime
from typing import Annotated

import typer

COORDINATES_HELP = "`PARTITION:OFFSET:GENERATION` of each letter, as `list` shows it; the generation may be left out."
AS_NEW_HELP = (
    "Count events whatever their `event_id`, without recording it: for letters `duplicate` and `event_id_conflict` of "
    "events that did happen. Needs coordinates or another choice; `--all` alone is not enough."
)

Coordinates = Annotated[list[str] | None, typer.Argument(help=COORDINATES_HELP, show_default=False)]
Reasons = Annotated[list[str] | None, typer.Option("--reason", help="Rejected for this reason; may be repeated.")]
Partitions = Annotated[list[int] | None, typer.Option("--partition", help="Read from this partition; may be repeated.")]
States = Annotated[
    list[str] | None, typer.Option("--state", help="In this state: new, replayed or discarded; may be repeated.")
]
Since = Annotated[datetime | None, typer.Option(help="Rejected at this time (UTC) or later.")]
Until = Annotated[datetime | None, typer.Option(help="Rejected before this time (UTC).")]
All = Annotated[bool, typer.Option("--all", help="All letters; needed if nothing else chooses some.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]
