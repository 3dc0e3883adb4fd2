"""Replays many letters, a hundred in a transaction, and reports what became of them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from consumer.events.rejection import Rejection
from scripts.common.console import LiteralConsole
from scripts.common.documents import UNFIT
from scripts.dead_letters.display import counted
from scripts.dead_letters.original_value import Gone
from scripts.dead_letters.replay import LETTERS_AT_ONCE, REPLAYED, Accepted, Replays, still_rejected
from shared.documents import Document, coordinates_of

REPORTED_ONE_BY_ONE: Final = 20
"""So many letters that were left as they are have a line of their own, so that the counts at the end stay on the
screen. Twice as many push them off a small terminal; half as many leave more letters unexplained."""
_WOULD_BE: Final = "would be replayed"


def replayed(replays: Replays, letters: Iterable[Document], dry_run: bool) -> Iterator[tuple[Document, str]]:
    """Judge letters, and store those that the contract accepts, unless it is a `dry_run`.

    Yields each letter with its outcome: `REPLAYED`, or in words why the letter was left as it is. Raises what `Replays`
    raises.
    """
    waiting: list[Accepted] = []
    for letter in letters:
        try:
            judged = replays.judge(letter)
        except Gone as gone:
            judged = str(gone)
        except UNFIT as error:
            judged = f"its document is damaged, {type(error).__name__}: {error}"
        if isinstance(judged, Accepted) and not dry_run:
            waiting.append(judged)
        else:
            if isinstance(judged, Rejection) and not dry_run:
                replays.keep(letter, judged)
            yield letter, _outcome(judged)
        if len(waiting) >= LETTERS_AT_ONCE:
            yield from ((accepted.letter, outcome) for accepted, outcome in replays.store(waiting))
            waiting = []
    if waiting:
        yield from ((accepted.letter, outcome) for accepted, outcome in replays.store(waiting))


def _outcome(judged: Accepted | Rejection | str) -> str:
    """A judgement in words, for a letter that is not stored."""
    if isinstance(judged, Accepted):
        return _WOULD_BE
    if isinstance(judged, Rejection):
        return still_rejected(judged)
    return judged


def report(outcomes: Iterable[tuple[Document, str]], console: LiteralConsole) -> bool:
    """Print why letters were left as they are, then how many letters have each outcome.

    Returns whether all letters were replayed, or would be without the dry run.
    """
    counts: Counter[str] = Counter()
    left = 0
    for letter, outcome in outcomes:
        counts[outcome.partition(",")[0]] += 1
        if outcome in (REPLAYED, _WOULD_BE):
            continue
        left += 1
        if left <= REPORTED_ONE_BY_ONE:
            console.print(f"{coordinates_of(letter)}: {outcome}")
    console.print(counted(counts))
    return not left
