"""What became of a message, in words for a person. Pure."""

from typing import Any, Final

from scripts.common.console import json_text
from scripts.common.fates.fate import Fate, Known, place_of
from scripts.common.times import shown
from shared.documents import Document, LetterState, coordinates_of, event_collection


def sentence(known: Known) -> str:
    """What became of a message, for a person."""
    return _SENTENCES[known.fate](known)


def _counted(known: Known) -> str:
    if known.event is None:
        where = "retention has dropped its day"
    else:
        identity = known.event["_id"]
        where = f"{known.collection} holds it as {json_text(identity)}, happened {shown(identity['t'])} UTC"
    if known.letter is None:
        return f"counted: {where}"
    return f"counted by a replay, after it was rejected as {_why(known.letter)}: {where}"


def _duplicate(known: Known) -> str:
    return f"duplicate: it is counted once, by {_first(known)}"


def _rejected(known: Known) -> str:
    letter = known.letter or {}
    discarded = ", discarded by an operator" if letter.get("state") == LetterState.DISCARDED else ""
    other = f"; its id belongs to {_first(known)}" if letter.get("first") else ""
    coordinates = coordinates_of(letter)
    return f"rejected: {_why(letter)}{other} (dead letter {coordinates}{discarded}: dead_letters show {coordinates})"


def _waiting(known: Known) -> str:
    stored, status = known.partition, known.status or {}
    if stored is None:
        return f"not handled yet: no consumer has claimed partition {known.place.partition}"
    halted = status.get("halted")
    why = f"; it halted, {halted.get('reason')}" if isinstance(halted, dict) else ""
    as_of = status.get("caught_up_at")
    counted = "" if as_of is None else f", everything up to {shown(as_of)} UTC is counted"
    if known.place.generation is None:
        return (
            f"not handled yet: partition {known.place.partition} begins at offset {stored['first_offset']} of another "
            f"topic or generation; `scripts.partitions list` shows whether it is halted{why}"
        )
    return (
        f"not handled yet: the next offset of partition {known.place.partition} is {stored['next_offset']}, its owner "
        f"{stored.get('owner')}{counted}{why}"
    )


def _missing(known: Known) -> str:
    return (
        "neither an event nor a dead letter, although consumers are past it: it is a transaction's marker or was "
        "aborted, or retention has dropped its day; `scripts.audit` tells whether anything is lost"
    )


def _why(letter: Document) -> str:
    detail = letter.get("detail")
    return f"{letter.get('reason')}: {detail}" if detail else f"{letter.get('reason')}"


def _first(known: Known) -> str:
    """The event that counted before a duplicate or a conflict."""
    first: dict[str, Any] = (known.letter or {}).get("first") or {}
    if not {"p", "t", "k", "o", "g"} <= first.keys():
        return "an earlier event, which its letter does not name"
    kept = "" if known.event is not None else ", which retention has dropped"
    return f"the event of product {first['p']} at {place_of(first)}, in {event_collection(first['t'])}{kept}"


_SENTENCES: Final = {
    Fate.COUNTED: _counted,
    Fate.DUPLICATE: _duplicate,
    Fate.REJECTED: _rejected,
    Fate.WAITING: _waiting,
    Fate.MISSING: _missing,
}
