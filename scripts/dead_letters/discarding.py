"""Discards letters, after it has shown a person which ones: how many, for which reasons, and the first few."""

from datetime import datetime
from typing import Any, Final

from scripts.common.confirmation import require_consent
from scripts.common.console import LiteralConsole
from scripts.common.times import shown
from scripts.dead_letters.display import counted
from scripts.dead_letters.selection import Selection
from shared.documents import REJECTED_EVENTS, Document, LetterState, coordinates_of
from shared.mongo import SyncDatabase

SHOWN_LETTERS: Final = 5
"""So many of the letters are shown before the question. Twice as many push the counts off a small terminal; with half
as many, a selection that is too wide is less likely to show."""


def discard(
    database: SyncDatabase, selection: Selection, note: str, now: datetime, messages: LiteralConsole, yes: bool
) -> tuple[int, int]:
    """Show which letters of the selection are new, ask unless `yes`, and mark them as discarded.

    Returns how many were discarded, and how many are not because they were not new. Blocks until the person has
    answered. Letters that are rejected meanwhile are not discarded, since nobody has seen them. Raises typer.Exit as
    `require_consent` does, WrongSelection and PyMongoError.
    """
    letters = database[REJECTED_EVENTS]
    new = selection._replace(states=(LetterState.NEW.value,))
    found, counts = letters.count_documents(selection.query()), new.count_by_reason(database)
    if not counts:
        return 0, found
    newest = new.summaries(database, SHOWN_LETTERS)
    messages.print(f"{sum(counts.values())} letters would be discarded: {counted(counts)}; the newest of them:")
    for letter in newest:
        messages.print(f"  {_described(letter)}")
    require_consent(messages, "Discard them?", yes)
    seen = {"rejected_at": {"$lte": newest[0]["rejected_at"]}} if "rejected_at" in newest[0] else {}
    fields: dict[str, Any] = {"state": LetterState.DISCARDED.value, "discarded_at": now}
    changed = letters.update_many(
        {"$and": [new.query(), seen]}, {"$set": fields | ({"note": note} if note else {})}
    ).modified_count
    return changed, found - changed


def _described(letter: Document) -> str:
    detail = letter.get("detail")
    reason = f"{letter.get('reason')}" + (f": {detail}" if detail else "")
    return f"{coordinates_of(letter)}, rejected {shown(letter.get('rejected_at'))} UTC, {reason}"
