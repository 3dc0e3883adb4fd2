"""A run over many letters: replayed by the hundred, told one by one where one stays as it was."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from rich.console import Console

from consumer.events.rejection import Rejection
from scripts.dead_letters.original_value import Gone
from scripts.dead_letters.replay import LETTERS_AT_ONCE, REPLAYED, Accepted, Replays
from scripts.dead_letters.selection import place_of
from shared.documents import Document

TOLD_ONE_BY_ONE: Final = 20
_WOULD_BE: Final = "would be replayed"


def replayed(replays: Replays, letters: Iterable[Document], dry_run: bool) -> Iterator[tuple[Document, str]]:
    """Each letter and what became of it."""
    waiting: list[Accepted] = []
    for letter in letters:
        try:
            judged = replays.judge(letter)
        except Gone as gone:
            judged = str(gone)
        if isinstance(judged, Accepted) and not dry_run:
            waiting.append(judged)
        else:
            yield letter, _told(judged)
        if len(waiting) >= LETTERS_AT_ONCE:
            yield from ((one.letter, outcome) for one, outcome in replays.store(waiting))
            waiting = []
    if waiting:
        yield from ((one.letter, outcome) for one, outcome in replays.store(waiting))


def _told(judged: Accepted | Rejection | str) -> str:
    if isinstance(judged, Accepted):
        return _WOULD_BE
    if isinstance(judged, Rejection):
        return f"rejected still: {judged.reason.value}" + (f", {judged.detail}" if judged.detail else "")
    return judged


def tell(outcomes: Iterable[tuple[Document, str]], console: Console) -> bool:
    """Tell what became of letters. Returns whether none stays as it was that should not."""
    counts: Counter[str] = Counter()
    left = 0
    for letter, outcome in outcomes:
        counts[outcome.partition(",")[0]] += 1
        if outcome in (REPLAYED, _WOULD_BE):
            continue
        left += 1
        if left <= TOLD_ONE_BY_ONE:
            console.print(f"{place_of(letter)}: {outcome}", highlight=False, markup=False)
    console.print(counted(counts), highlight=False, markup=False)
    return not left


def counted(counts: dict[str, int]) -> str:
    """`3 replayed, 1 its state is discarded`."""
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
