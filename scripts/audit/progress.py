"""What a person sees while an audit runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TimeRemainingColumn

from shared.documents import EVENT_COLLECTIONS, event_day
from shared.mongo import SyncDatabase


@contextmanager
def progress(console: Console, database: SyncDatabase, since: int | None) -> Iterator[Callable[[int], None]]:
    """A bar of the events read, on terminals only. Yields what is told of more of them."""
    names = database.list_collection_names(filter=EVENT_COLLECTIONS)
    chosen = [name for name in names if since is None or (event_day(name) or 0) >= since]
    total = sum(database[name].estimated_document_count() for name in chosen)
    columns = (SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda count: bar.advance(task, count)
