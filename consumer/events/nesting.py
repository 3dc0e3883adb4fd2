"""How deep arrays and objects nest in a message: the contract allows `MAX_DEPTH` levels. Pure, linear in the length."""

import re
from itertools import accumulate
from typing import Final

from consumer.events.rejection import Rejected
from shared.events import MAX_DEPTH, Reason

_STRING: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKET: Final = re.compile(r"[\[\]{}]")


def check_depth(message: object) -> None:
    """Raise Rejected (`too_deep`) where parsed JSON nests deeper than `MAX_DEPTH` levels: `[[1]]` has two."""
    if _is_deeper(message, MAX_DEPTH):
        raise Rejected(Reason.TOO_DEEP)


def text_is_too_deep(text: str) -> bool:
    """Whether the brackets in a piece of JSON text nest deeper than `MAX_DEPTH` levels.

    The text may end anywhere, also inside a string. So a message that breaks off or turns wrong after a thousand
    opening brackets is `too_deep`, as it would be had it gone on well.
    """
    brackets = _BRACKET.findall(_STRING.sub("", text))
    return max(accumulate(1 if bracket in "[{" else -1 for bracket in brackets), default=0) > MAX_DEPTH


def _is_deeper(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        return levels == 0 or any(_is_deeper(inner, levels - 1) for inner in value.values())
    return isinstance(value, list) and (levels == 0 or any(_is_deeper(inner, levels - 1) for inner in value))
