"""The progress bar that a person sees on a terminal while an audit runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TimeRemainingColumn

from scripts.common.console import LiteralConsole
from shared.documents import EVENT_COLLECTIONS, event_day
from shared.mongo import SyncDatabase


@contextmanager
def progress(console: LiteralConsole, database: SyncDatabase, since: int | None) -> Iterator[Callable[[int], None]]:
    """Show a bar of the events that were read, on terminals only. Yields a function that is called with their number.

    `since` is the first day (since 1970) whose events are read, None for all. The total is MongoDB's estimate.
    """
    names = database.list_collection_names(filter=EVENT_COLLECTIONS)
    chosen = [name for name in names if since is None or (event_day(name) or 0) >= since]
    total = sum(database[name].estimated_document_count() for name in chosen)
    columns = (SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda count: bar.advance(task, count)
