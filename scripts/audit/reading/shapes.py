"""What `_id`s and documents must look like, whoever wrote them, before the audit reads their fields. Pure.

Another program may have written anything, so nothing here raises: a wrong shape is an answer.
"""

from collections.abc import Mapping
from typing import Final, TypeGuard

from shared.documents import REPLAYED_PARTITION, Document, LetterState
from shared.events import MAX_PRODUCT_ID, RETIRED_REASONS, Reason

STATES: Final = tuple(LetterState)
PARTITION_END: Final = 2**19
"""The first partition number that is too large: `shared.documents.replayed_offset` has 19 bits for a partition. Kafka
clusters have far fewer partitions a topic."""
LIMITS: Final = {
    "p": (0, MAX_PRODUCT_ID + 1),
    "h": (0, 2**22),
    "m": (0, 2**28),
    "d": (0, 2**22 // 24),
    "k": (REPLAYED_PARTITION, PARTITION_END),
}
"""The numbers that an aggregate's `_id` may hold, by field: the smallest, and the first that is too large.

2^22 hours, and the days that they make, reach into the year 2448, and 2^28 minutes into 2480, beyond any event's time.
A number above them is damage.
"""
_REASONS: Final = RETIRED_REASONS.union(reason.value for reason in Reason)


def is_integer(value: object, least: int = 0, end: int = 2**63) -> TypeGuard[int]:
    """Whether `value` is an integer, not a bool, from `least` up to but not including `end`."""
    return type(value) is not bool and isinstance(value, int) and least <= value < end


def is_aggregate_id(identity: object, names: str) -> bool:
    """Whether an aggregate's `_id` has exactly these fields in this order, with numbers inside `LIMITS`.

    `names` has a letter a field: `phk` stands for `{p, h, k}`.
    """
    if not isinstance(identity, dict) or "".join(identity) != names or len(identity) != len(names):
        return False
    return all(is_integer(number, *LIMITS[name]) for name, number in identity.items())


def is_event_id(identity: object) -> bool:
    """Whether `identity` can be the `_id` of an event."""
    return isinstance(identity, dict) and all(is_integer(identity.get(name), -1) for name in "ptkog")


def is_letter_id(identity: object) -> bool:
    """Whether `identity` can be the `_id` of a dead letter."""
    if not isinstance(identity, dict) or list(identity) != ["topic", "g", "k", "o"]:
        return False
    numbers = is_integer(identity["k"], end=PARTITION_END) and is_integer(identity["g"]) and is_integer(identity["o"])
    return isinstance(identity["topic"], str) and numbers


def letter_problem(document: Document) -> str | None:
    """What is wrong with a dead letter's `_id`, state or reason; None when nothing is."""
    if not is_letter_id(document["_id"]):
        return "its _id is not {topic, g, k, o} with a text and three numbers in their limits"
    if document.get("state") not in STATES:
        return f"its state is {document.get('state')!r}"
    if document.get("reason") not in _REASONS:
        return f"its reason is {document.get('reason')!r}"
    if document["state"] == LetterState.REPLAYED and not is_event_id(document.get("replayed_as")):
        return "its state is replayed, but its replayed_as is not the _id of an event"
    return None


def partition_problem(document: Document) -> str | None:
    """What is wrong with a document of `partitions`; None when nothing is."""
    identity = document["_id"]
    if not isinstance(identity, dict) or list(identity) != ["group", "topic", "k"]:
        return "its _id is not {group, topic, k}"
    if not is_integer(identity["k"], end=PARTITION_END):
        return f"its partition is {identity['k']!r}"
    if not is_integer(document.get("epoch")):
        return f"its epoch is {document.get('epoch')!r}"
    if not is_integer(document.get("read_to", 0)):
        return f"its read_to is {document['read_to']!r}"
    past = document.get("past", [])
    if not isinstance(past, list):
        return "its list of past generations is not a list"
    for part in (document, *past):
        problem = _generation_problem(part)
        if problem is not None:
            return problem
    return None


def _generation_problem(part: object) -> str | None:
    """What is wrong with the offsets of one generation, the present one or a past one."""
    if not isinstance(part, Mapping):
        return "a past generation is not a document"
    for name in ("generation", "first_offset", "next_offset"):
        if not is_integer(part.get(name)):
            return f"its {name} is {part.get(name)!r}"
    if not isinstance(part.get("topic_id"), str):
        return f"its topic_id is {part.get('topic_id')!r}"
    if part["first_offset"] > part["next_offset"]:
        return f"its next_offset {part['next_offset']} lies before its first_offset {part['first_offset']}"
    return None
