"""The options that several commands share."""

from datetime import datetime
from typing import Annotated

import typer

Places = Annotated[list[str] | None, typer.Argument(help="`PARTITION:OFFSET`, as `list` shows them.")]
Reasons = Annotated[list[str] | None, typer.Option("--reason", help="Rejected for this; may be repeated.")]
Partitions = Annotated[list[int] | None, typer.Option("--partition", help="Of this partition; may be repeated.")]
States = Annotated[list[str] | None, typer.Option("--state", help="new, replayed or discarded; may be repeated.")]
Since = Annotated[datetime | None, typer.Option(help="Rejected at this time (UTC) or later.")]
Until = Annotated[datetime | None, typer.Option(help="Rejected before this time (UTC).")]
All = Annotated[bool, typer.Option("--all", help="Needed where nothing else chooses letters.")]
