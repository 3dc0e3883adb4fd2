"""The wire contract: what a `productSold` or `productRated` message must be, and why a message is rejected.

The models validate objects that an exact JSON parser made (int, Decimal, str, bool, None, list, dict; never float).
A validated event holds plain numbers: `amount` in millionths of the event's currency unit, `rating` in hundredths,
`occurred_at` in UTC milliseconds. Unknown fields are not the models' business; `consumer.events.decode` keeps them.
"""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow, Underflow
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Final, NotRequired

from pydantic import BeforeValidator, Field, PlainValidator, TypeAdapter
from typing_extensions import TypedDict

from shared.documents import AMOUNT_DECIMALS, RATING_DECIMALS

MAX_MESSAGE_BYTES: Final = 64 * 1024
MAX_DEPTH: Final = 16
MAX_AHEAD_MS: Final = 5 * 60 * 1000


class Reason(StrEnum):
    """Why a message is a dead letter. Where several hold, the first of this order is given. The codes are stable."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    NOT_JSON = "not_json"
    NOT_OBJECT = "not_object"
    UNSTORABLE_TEXT = "unstorable_text"
    MISSING_FIELD = "missing_field"
    CONFLICTING_EVENT_NAMES = "conflicting_event_names"
    UNKNOWN_EVENT = "unknown_event"
    BAD_NAME = "bad_name"
    BAD_PRODUCT_ID = "bad_product_id"
    BAD_UNITS = "bad_units"
    BAD_AMOUNT = "bad_amount"
    BAD_RATING = "bad_rating"
    BAD_CATEGORY = "bad_category"
    BAD_OCCURRED_AT = "bad_occurred_at"
    UNSTORABLE_KEY = "unstorable_key"
    UNSTORABLE_NUMBER = "unstorable_number"
    FROM_THE_FUTURE = "from_the_future"
    TOO_OLD = "too_old"
    REFUSED_BY_DATABASE = "refused_by_database"


REASON_OF_FIELD: Final = {
    "name_of_product": Reason.BAD_NAME,
    "product_id": Reason.BAD_PRODUCT_ID,
    "no_of_units": Reason.BAD_UNITS,
    "amount": Reason.BAD_AMOUNT,
    "rating": Reason.BAD_RATING,
    "category": Reason.BAD_CATEGORY,
    "occurred_at": Reason.BAD_OCCURRED_AT,
}

MAX_NAME: Final = 256
MAX_CATEGORY: Final = 128
MAX_PRODUCT_ID: Final = 2**63 - 1
MAX_UNITS: Final = 2**31 - 1

_JSON_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_DATE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]", re.ASCII)
_FRACTION_AND_OFFSET = re.compile(
    r"(?:\.([0-9]+))?(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))", re.ASCII
)  # fmt: skip
_DATE_TIME_LENGTH = len("2026-06-01T00:00:00")
_USUAL_LENGTH = 40
_DIGITS = 19
_POWERS: Final[tuple[int, ...]] = tuple(10**decimals for decimals in range(10))
_AMOUNT_BOUND = 10**18 * _POWERS[AMOUNT_DECIMALS]
_RATING_BOUND = 5 * _POWERS[RATING_DECIMALS] + 1
_EXACT = Context(prec=64, traps=[Inexact, InvalidOperation, Overflow, Underflow])
_OUT_OF_BOUNDS = Decimal("Infinity")


def _scaled(decimals: int, bound: int) -> Callable[[object], int]:
    """A function: int, Decimal or a JSON number's text -> units of ten to the minus `decimals`, 0 to below `bound`.

    It raises ValueError for anything else, and costs the same whatever the exponent, which is never expanded.
    """
    quantum, shift, one = Decimal(1).scaleb(-decimals), Decimal(decimals), _POWERS[decimals]
    quantize, scaleb = _EXACT.quantize, _EXACT.scaleb

    def scaled(value: object) -> int:
        units = -1
        if type(value) is str:
            whole, point, fraction = value.partition(".")
            # The usual form: digits, few enough of them, no needless zero before, and some on both sides of a point.
            if (
                whole.isdigit() and (not point or fraction.isdigit()) and value.isascii()
                and len(whole) <= _DIGITS and len(fraction) <= decimals and (whole[0] != "0" or whole == "0")
            ):  # fmt: skip
                units = int(whole + fraction) * _POWERS[decimals - len(fraction)]
            elif _JSON_NUMBER.fullmatch(value):
                return scaled(exact_decimal(value))
        elif type(value) is int:
            units = value * one
        elif type(value) is Decimal:
            try:
                units = int(scaleb(quantize(value, quantum), shift))
            except DecimalException:
                raise ValueError(f"more than {decimals} decimals, or not a number within the limits") from None
        if not 0 <= units < bound:
            raise ValueError("not a number within the limits")
        return units

    return scaled


def exact_decimal(text: str) -> Decimal:
    """The Decimal that a JSON number's text means; Infinity, which no field takes, when no Decimal can hold it."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return _OUT_OF_BOUNDS


amount_units: Final = _scaled(AMOUNT_DECIMALS, _AMOUNT_BOUND)
"""An amount in millionths. Raises ValueError."""

rating_units: Final = _scaled(RATING_DECIMALS, _RATING_BOUND)
"""A rating in hundredths. Raises ValueError."""


def time_ms(value: object) -> int:
    """RFC 3339 with an offset, as UTC milliseconds; digits beyond milliseconds are cut off. Raises ValueError."""
    if type(value) is not str:
        raise ValueError("not an RFC 3339 date and time with an offset")
    if len(value) > _USUAL_LENGTH:
        # Kept out of the caches, which would hold as many long texts as they have entries.
        return _local_ms.__wrapped__(value[:_DATE_TIME_LENGTH]) + _fraction_ms.__wrapped__(value[_DATE_TIME_LENGTH:])
    return _local_ms(value[:_DATE_TIME_LENGTH]) + _fraction_ms(value[_DATE_TIME_LENGTH:])


@lru_cache(maxsize=8192)
def _local_ms(date_time: str) -> int:
    """A date and time without fraction and offset, in milliseconds since 1970 at the same place."""
    if not _DATE_TIME.fullmatch(date_time):
        raise ValueError("not an RFC 3339 date and time with an offset")
    return int(datetime.fromisoformat(f"{date_time.upper()}+00:00").timestamp()) * 1000


@lru_cache(maxsize=2048)
def _fraction_ms(text: str) -> int:
    """What a fraction of a second and an offset from UTC add to a local time, in milliseconds."""
    match = _FRACTION_AND_OFFSET.fullmatch(text)
    if match is None:
        raise ValueError("not an RFC 3339 date and time with an offset")
    fraction, sign, hours, minutes = match.groups()
    ahead = int(f"{sign}1") * (int(hours) * 60 + int(minutes)) if sign else 0
    return int(fraction[:3].ljust(3, "0") if fraction else 0) - ahead * 60_000


def whole_number(value: object) -> int:
    """The integer that plain digits mean. Raises ValueError."""
    if type(value) is not str or not (value.isascii() and value.isdigit()) or len(value) > _DIGITS:
        raise ValueError("neither an integer nor its plain digits")
    if value[0] == "0" and value != "0":
        raise ValueError("neither an integer nor its plain digits")
    return int(value)


_ProductNumber = Annotated[int, Field(strict=True, ge=0, le=MAX_PRODUCT_ID)]
_UnitNumber = Annotated[int, Field(strict=True, ge=0, le=MAX_UNITS)]
_FromDigits = BeforeValidator(whole_number)
_LeftToRight = Field(union_mode="left_to_right")

Name = Annotated[str, Field(strict=True, min_length=1, max_length=MAX_NAME)]
Category = Annotated[str, Field(strict=True, min_length=1, max_length=MAX_CATEGORY)]
ProductId = Annotated[_ProductNumber | Annotated[_ProductNumber, _FromDigits], _LeftToRight]
Units = Annotated[_UnitNumber | Annotated[_UnitNumber, _FromDigits], _LeftToRight]
Amount = Annotated[int, PlainValidator(amount_units)]
Rating = Annotated[int, PlainValidator(rating_units)]
OccurredAt = Annotated[int, PlainValidator(time_ms)]


class ProductSold(TypedDict):
    """Units of a product were sold for an amount."""

    name_of_product: Name
    product_id: ProductId
    no_of_units: Units
    amount: Amount
    occurred_at: NotRequired[OccurredAt]


class ProductRated(TypedDict):
    """A product of a category was rated from 0 to 5."""

    name_of_product: Name
    product_id: ProductId
    rating: Rating
    category: Category
    occurred_at: NotRequired[OccurredAt]


EVENT_NAME_KEYS: Final = ("event_name", "event")
"""Producers name the event under either key; where a message has both, they must agree."""

PRODUCT_SOLD: Final = "productSold"
PRODUCT_RATED: Final = "productRated"

SOLD: Final = TypeAdapter(ProductSold)
RATED: Final = TypeAdapter(ProductRated)
SOLD_FIELDS: Final = frozenset(ProductSold.__annotations__)
RATED_FIELDS: Final = frozenset(ProductRated.__annotations__)
