"""What a person sees of an audit: a progress bar, then what is wrong."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TimeRemainingColumn

from shared.documents import EVENTS_PREFIX, event_day
from shared.mongo import SyncDatabase

if TYPE_CHECKING:
    from scripts._audit.reconcile import Report
    from scripts._audit.repair import Repair

SHOWN: Final = 100


@contextmanager
def progress(console: Console, database: SyncDatabase, since: int | None) -> Iterator[Callable[[int], None]]:
    """A bar of the events read, on terminals only. Yields what is told of more of them."""
    names = database.list_collection_names(filter={"name": {"$regex": f"^{EVENTS_PREFIX}"}})
    chosen = [name for name in names if since is None or (event_day(name) or 0) >= since]
    total = sum(database[name].estimated_document_count() for name in chosen)
    columns = (SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda count: bar.advance(task, count)


def summary(report: "Report", repair: "Repair | None", seconds: float) -> Iterator[str]:
    """The outcome in lines of text."""
    findings = report.findings
    for finding in findings.details[:SHOWN]:
        yield f"{finding.kind}: {finding.message}"
    if findings.counts.total() > SHOWN:
        yield f"… and {findings.counts.total() - SHOWN:,} more; --json tells the first {len(findings.details):,}"
    for what, count in findings.unverifiable.items():
        yield f"not verifiable: {what} ({count:,})"
    if repair is not None:
        made = ", ".join(f"{count:,} of {collection}" for collection, count in sorted(repair.repaired.items()))
        yield f"repaired: {made or 'nothing'}"
        yield from (f"not repaired: {what}" for what in repair.left)
    read = f"{report.events:,} events and {report.letters:,} dead letters of {report.days:,} days in {seconds:.1f} s"
    if findings.counts:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(findings.counts.items()))
        yield f"WRONG: {kinds}; read {read}"
    else:
        yield f"all is right: {read}"
