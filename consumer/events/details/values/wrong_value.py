"""What is wrong with the value of one field, in words for the person who mends the producer. Pure.

The models of `shared.events` say that a value is wrong, and not that `"0233"` has a leading zero. A number and its text
get the same words: that 9223372036854775808 is more than 9223372036854775807 is said of both.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from consumer.events.details.quoting import detail, found, quoted
from consumer.events.details.values.moments import why_no_moment
from consumer.events.details.values.numbers import is_negative, why_no_decimal, why_no_integer
from shared.documents import AMOUNT_DECIMALS, RATING_DECIMALS
from shared.events import (
    AMOUNTS_BELOW,
    MAX_CATEGORY,
    MAX_EVENT_ID,
    MAX_NAME,
    MAX_PRODUCT_ID,
    MAX_RATING,
    MAX_UNITS,
)

_NO_REFUNDS: Final[Mapping[str, str]] = {
    "amount": "refunds are not part of the contract",
    "no_of_units": "returns are not part of the contract",
}
"""Why a producer may have sent less than 0."""


def wrong_value(field: str, value: object) -> str:
    """Why the contract rejects `value` in `field`, which it does: "product_id: -1 is less than 0; allowed is ..."."""
    explain, allowed = _FIELDS[field]
    problem, *causes = explain(value)
    if field in _NO_REFUNDS and is_negative(value):
        causes.append(_NO_REFUNDS[field])
    return detail(f"{field}: {problem}", *causes, f"allowed is {allowed}" if allowed else "")


def _text(most: int, value: object) -> Iterator[str]:
    if type(value) is not str:
        yield f"{found(value)} is not text"
    elif value:
        yield f"{quoted(value)} is longer than {most} characters"
    else:
        yield "the text is empty"


def _event_id(value: object) -> Iterator[str]:
    if type(value) is int:
        yield from why_no_integer(MAX_PRODUCT_ID, "", value)
    elif type(value) is str:
        yield from _text(MAX_EVENT_ID, value)
    else:
        yield f"{found(value)} is neither text nor an integer"


_FIELDS: Final[Mapping[str, tuple[Callable[[object], Iterator[str]], str]]] = {
    "name_of_product": (partial(_text, MAX_NAME), f"text of 1 to {MAX_NAME} characters"),
    "product_id": (
        partial(why_no_integer, MAX_PRODUCT_ID, "it is a code, not the product's number"),
        f"an integer from 0 to {MAX_PRODUCT_ID}, or its digits as text",
    ),
    "no_of_units": (
        partial(why_no_integer, MAX_UNITS, "letters stand beside the number: send how many single units were sold"),
        f"an integer from 0 to {MAX_UNITS}, or its digits as text",
    ),
    "amount": (
        partial(why_no_decimal, AMOUNT_DECIMALS, AMOUNTS_BELOW, False),
        f"a number, or its text, from 0 to less than 10^18, with at most {AMOUNT_DECIMALS} decimals",
    ),
    "rating": (
        partial(why_no_decimal, RATING_DECIMALS, MAX_RATING, True),
        f"a number, or its text, from 0 to {MAX_RATING}, with at most {RATING_DECIMALS} decimals",
    ),
    "category": (partial(_text, MAX_CATEGORY), f"text of 1 to {MAX_CATEGORY} characters"),
    "occurred_at": (why_no_moment, ""),
    "event_id": (
        _event_id,
        f"text of 1 to {MAX_EVENT_ID} characters, or an integer from 0 to {MAX_PRODUCT_ID}",
    ),
}
"""How a field's wrong value is explained, and what is allowed; what is said of times names the allowed form itself."""
