"""The wire contract: what a `productSold` or `productRated` message must be, and why a message is rejected.

The models validate objects that an exact JSON parser made (int, Decimal, str, bool, None, list, dict; never float).
A validated event holds plain numbers: `amount` in millionths of the event's currency unit, `rating` in hundredths,
`occurred_at` in UTC milliseconds. Unknown fields are not the models' business; `consumer.decode` keeps them.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow, Underflow
from enum import StrEnum
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

_JSON_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])(\.[0-9]+)?"
    r"([Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])",
    re.ASCII,
)
_DIGITS = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_POWERS = tuple(10**decimals for decimals in range(10))
_AMOUNT_BOUND = 10**18 * _POWERS[AMOUNT_DECIMALS]
_RATING_BOUND = 5 * _POWERS[RATING_DECIMALS] + 1
_EXACT = Context(prec=64, traps=[Inexact, InvalidOperation, Overflow, Underflow])
_OUT_OF_BOUNDS = Decimal("Infinity")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def _scaled_number(value: object, decimals: int, bound: int) -> int:
    """`value` (int, Decimal or a JSON number's text) in units of ten to the minus `decimals`: 0 or more, below `bound`.

    Raises ValueError for anything else. Costs the same whatever the exponent: it is compared before it is expanded.
    """
    if type(value) is int:
        units: int = value * _POWERS[decimals]
    else:
        if type(value) is str and _JSON_NUMBER.fullmatch(value):
            value = exact_decimal(value)
        if type(value) is not Decimal or not 0 <= value < bound:
            raise ValueError("not a number within the limits")
        try:
            scaled = value.scaleb(decimals, _EXACT)
        except DecimalException:
            raise ValueError("too many digits") from None
        units = int(scaled)
        if units != scaled:
            raise ValueError(f"more than {decimals} decimals")
    if not 0 <= units < bound:
        raise ValueError("not a number within the limits")
    return units


def exact_decimal(text: str) -> Decimal:
    """The Decimal that a JSON number's text means; Infinity, which no field takes, when no Decimal can hold it."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return _OUT_OF_BOUNDS


def _amount(value: object) -> int:
    return _scaled_number(value, AMOUNT_DECIMALS, _AMOUNT_BOUND)


def _rating(value: object) -> int:
    return _scaled_number(value, RATING_DECIMALS, _RATING_BOUND)


def _occurred_at(value: object) -> int:
    """RFC 3339 with an offset, as UTC milliseconds; digits beyond milliseconds are cut off."""
    match = _RFC3339.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("not an RFC 3339 date and time with an offset")
    date_time, fraction, offset = match.groups(default="")
    whole = datetime.fromisoformat(f"{date_time}{offset}".upper())
    return (whole - _EPOCH) // _MILLISECOND + int(fraction[1:4].ljust(3, "0") or 0)


def _from_digits(value: object) -> int:
    if type(value) is not str or not _DIGITS.fullmatch(value):
        raise ValueError("neither an integer nor its plain digits")
    return int(value)


_ProductNumber = Annotated[int, Field(strict=True, ge=0, le=2**63 - 1)]
_UnitNumber = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
_FromDigits = BeforeValidator(_from_digits)
_LeftToRight = Field(union_mode="left_to_right")

Name = Annotated[str, Field(strict=True, min_length=1, max_length=256)]
Category = Annotated[str, Field(strict=True, min_length=1, max_length=128)]
ProductId = Annotated[_ProductNumber | Annotated[_ProductNumber, _FromDigits], _LeftToRight]
Units = Annotated[_UnitNumber | Annotated[_UnitNumber, _FromDigits], _LeftToRight]
Amount = Annotated[int, PlainValidator(_amount)]
Rating = Annotated[int, PlainValidator(_rating)]
OccurredAt = Annotated[int, PlainValidator(_occurred_at)]


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


PRODUCT_SOLD: Final = "productSold"
PRODUCT_RATED: Final = "productRated"

SOLD: Final = TypeAdapter(ProductSold)
RATED: Final = TypeAdapter(ProductRated)
