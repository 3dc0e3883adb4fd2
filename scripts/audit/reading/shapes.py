"""What `_id`s and documents must look like, whoever wrote them, before their fields are read. Pure."""

from collections.abc import Mapping
from typing import Final, TypeGuard

from shared.documents import REPLAYED_PARTITION, Document, LetterState
from shared.events import MAX_PRODUCT_ID, Reason

STATES: Final = tuple(LetterState)
MOST_PARTITION: Final = 2**19
LIMITS: Final = {
    "p": (0, MAX_PRODUCT_ID + 1),
    "h": (0, 2**22),
    "m": (0, 2**28),
    "k": (REPLAYED_PARTITION, MOST_PARTITION),
}
"""Of the numbers in an aggregate's `_id`, by name: the least, and the first one too large. Hours and minutes reach
beyond the year 2400."""
_REASONS: Final = frozenset(reason.value for reason in Reason)


def is_integer(value: object, least: int = 0, most: int = 2**63) -> TypeGuard[int]:
    """Whether it is an integer from `least` up to, not including, `most`."""
    return type(value) is not bool and isinstance(value, int) and least <= value < most


def is_aggregates(identity: object, names: str) -> bool:
    """Whether an aggregate's `_id` has these fields, such as `phk`, in this order, and numbers that can be."""
    if not isinstance(identity, dict) or "".join(identity) != names or len(identity) != len(names):
        return False
    return all(is_integer(number, *LIMITS[name]) for name, number in identity.items())


def is_event(identity: object) -> bool:
    """Whether it can be the `_id` of an event."""
    return isinstance(identity, dict) and all(is_integer(identity.get(name), -1) for name in "ptkog")


def is_letter(identity: object) -> bool:
    """Whether it can be the `_id` of a dead letter."""
    if not isinstance(identity, dict) or list(identity) != ["topic", "g", "k", "o"]:
        return False
    numbers = is_integer(identity["k"], most=MOST_PARTITION) and is_integer(identity["g"]) and is_integer(identity["o"])
    return isinstance(identity["topic"], str) and numbers


def letter_problem(document: Document) -> str | None:
    """What is wrong with a dead letter's `_id`, state or reason."""
    if not is_letter(document["_id"]):
        return "its _id is not {topic, g, k, o}, or no such numbers"
    if document.get("state") not in STATES:
        return f"its state is {document.get('state')!r}"
    if document.get("reason") not in _REASONS:
        return f"its reason is {document.get('reason')!r}"
    if document["state"] == LetterState.REPLAYED and not is_event(document.get("replayed_as")):
        return "it was replayed, and does not say as which event"
    return None


def partition_problem(document: Document) -> str | None:
    """What is wrong with a document of `partitions`."""
    identity = document["_id"]
    if not isinstance(identity, dict) or list(identity) != ["group", "topic", "k"]:
        return "its _id is not {group, topic, k}"
    if not is_integer(identity["k"], most=MOST_PARTITION):
        return "its partition is no such number"
    if not is_integer(document.get("epoch")):
        return f"its epoch is {document.get('epoch')!r}"
    if not is_integer(document.get("read_to", 0)):
        return f"its read_to is {document['read_to']!r}"
    past = document.get("past", [])
    if not isinstance(past, list):
        return "its past generations are no list"
    for part in (document, *past):
        problem = _range_problem(part)
        if problem is not None:
            return problem
    return None


def _range_problem(part: object) -> str | None:
    """Of one generation."""
    if not isinstance(part, Mapping):
        return "a past generation is no document"
    for name in ("generation", "first_offset", "next_offset"):
        if not is_integer(part.get(name)):
            return f"its {name} is {part.get(name)!r}"
    if not isinstance(part.get("topic_id"), str):
        return f"its topic_id is {part.get('topic_id')!r}"
    if part["first_offset"] > part["next_offset"]:
        return f"its next_offset {part['next_offset']} lies before its first_offset {part['first_offset']}"
    return None
