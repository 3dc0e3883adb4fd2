"""The wire contract: what a `productSold` or `productRated` message must be, and why a message is rejected.

    {"event": "productSold", "product_id": 3, "name_of_product": "Chair", "no_of_units": 10, "amount": 1000.50}
    {"event": "productRated", "product_id": 3, "name_of_product": "Chair", "rating": 4.5, "category": "Furniture"}

`occurred_at` is optional in both ("2026-11-30T09:58:48.954Z"); without it the event has the time of its Kafka record.
`event_id` is optional too ("order-4711-line-2"): of the events of a product with the same one, the first counts. `null`
in an optional field is as if the field were absent.
Numbers may also be sent as text (`"1000.50"`), since some producers do so to keep their digits.

The models at the end validate objects that an exact JSON parser has made, of int, Decimal, str, bool, None, list and
dict. Floats are never among them: 90071992547409931.07 read as a float becomes 90071992547409940. A validated event
holds whole numbers: `amount` in millionths of the event's currency unit, `rating` in hundredths, `occurred_at` in UTC
milliseconds. The models ignore unknown fields; `consumer.events.decode` keeps them.

`tests/contracts/events.jsonl` has a message for every rule and every reason.
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
"""The longest value of a message. An event takes some hundred bytes, so this leaves room for what producers add, and it
bounds the time and memory that a message can cost. At twice the size a hostile message costs twice as much; at half,
more of the honest events with large additions become dead letters."""

MAX_DEPTH: Final = 64
"""How deep arrays and objects may nest; the message itself is the first level. This bounds the recursion of whatever
reads an event: at sixteen times it, Python's own limit would end the reading. At half, more events of producers who add
whole trees become dead letters."""

MAX_STORED_DEPTH: Final = 16
"""How deep the unknown fields of an event may nest to be stored as BSON, the message again being the first level;
deeper ones are stored as JSON text. MongoDB allows 100 levels, so at twice of it more could be queried, and each reader
of raw events would recurse as deep. At half, more is stored as text, which no query looks into."""

MAX_AHEAD_MS: Final = 5 * 60 * 1000
"""How far an event's time may be ahead of the consumer's clock: five minutes forgive a producer whose clock is slightly
wrong. The API counts such events at once: it reads the sums up to the end of the next hour (`api.reads.window`), so up
to an hour would be possible."""


class Reason(StrEnum):
    """Why a message is rejected and becomes a dead letter.

    The codes are stable: dead letters and metrics hold them. Where several reasons hold, the first in this order is
    given. docs/events.md explains each to producers; a test compares the two lists.
    """

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
    BAD_EVENT_ID = "bad_event_id"
    FROM_THE_FUTURE = "from_the_future"
    TOO_OLD = "too_old"
    DUPLICATE = "duplicate"
    EVENT_ID_CONFLICT = "event_id_conflict"
    REFUSED_BY_DATABASE = "refused_by_database"


OF_REPEATED_IDS: Final = frozenset({Reason.DUPLICATE.value, Reason.EVENT_ID_CONFLICT.value})
"""The reasons for which an event is rejected whose id was counted before."""

# The reason for a field that is present and wrong.
REASON_OF_FIELD: Final = {
    "name_of_product": Reason.BAD_NAME,
    "product_id": Reason.BAD_PRODUCT_ID,
    "no_of_units": Reason.BAD_UNITS,
    "amount": Reason.BAD_AMOUNT,
    "rating": Reason.BAD_RATING,
    "category": Reason.BAD_CATEGORY,
    "occurred_at": Reason.BAD_OCCURRED_AT,
    "event_id": Reason.BAD_EVENT_ID,
}

RETIRED_REASONS: Final = frozenset({"unstorable_key", "unstorable_number"})
"""Reasons that dead letters of earlier versions bear, for unknown fields that BSON cannot hold. The contract accepts
such events, so these letters can be replayed."""

MAX_NAME: Final = 256
"""Characters of a product's name, which each of its events stores: long for a name, too short for a description."""
MAX_CATEGORY: Final = 128
"""Characters of a category, which each rating stores."""
MAX_EVENT_ID: Final = 128
"""Characters of an event's id: a UUID has 36, a SHA-256 in hexadecimal 64. An event's document and the note that the
id was seen store it. At half, a URN that holds a digest may be too long. At twice, an id may take as much as the event
itself."""
MAX_PRODUCT_ID: Final = 2**63 - 1
"""The largest integer that BSON can hold. An event's id may be an integer as large."""
MAX_UNITS: Final = 2**31 - 1
"""The largest 32-bit integer. MongoDB holds sums of units in 64 bits: 4 billion events of this size fit."""
AMOUNTS_BELOW: Final = 10**18
"""An amount is less than this, in the event's currency unit."""
MAX_RATING: Final = 5

_JSON_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_DATE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]", re.ASCII)
_FRACTION_AND_OFFSET = re.compile(
    r"(?:\.([0-9]+))?(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))", re.ASCII
)  # fmt: skip
_DATE_TIME_LENGTH = len("2026-06-01T00:00:00")
_USUAL_LENGTH = 40
"""A longer text for a time is read without the caches, which would otherwise hold thousands of texts of 64 KiB."""
_DIGITS = 19
"""2^63 - 1 has 19 digits: longer texts of digits need not be read at all."""
_POWERS: Final[tuple[int, ...]] = tuple(10**decimals for decimals in range(10))
_AMOUNT_BOUND = AMOUNTS_BELOW * _POWERS[AMOUNT_DECIMALS]
"""In millionths. Ten billion such amounts add up to 10^34, as much as Decimal128's 34 digits hold; MongoDB's `$inc`
would silently round beyond."""
_RATING_BOUND = MAX_RATING * _POWERS[RATING_DECIMALS] + 1
"""Ratings are 0 to 5, both included; in hundredths below 501."""
_EXACT = Context(prec=64, traps=[Inexact, InvalidOperation, Overflow, Underflow])
"""Raises instead of rounding. 64 digits are more than any number within the bounds has."""
_OUT_OF_BOUNDS = Decimal("Infinity")


def _scaled(decimals: int, bound: int) -> Callable[[object], int]:
    """Make a function that turns a number into whole units of ten to the minus `decimals`.

    With six decimals it makes 1000.5, "1000.50" and "1.0005e3" into 1_000_500_000. It takes an int, a Decimal or a JSON
    number's text, and raises ValueError for anything else, for units not in 0 … `bound` - 1, and where a digit would be
    lost. It never writes an exponent out, so 1e999999999 costs no more than 1.
    """
    quantum, shift, one = Decimal(1).scaleb(-decimals), Decimal(decimals), _POWERS[decimals]
    quantize, scaleb = _EXACT.quantize, _EXACT.scaleb

    def scaled(value: object) -> int:
        units = -1
        if type(value) is str:
            whole, point, fraction = value.partition(".")
            # The usual form: few enough digits, no needless zero in front, and digits on both sides of a point.
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
    """The Decimal that a JSON number's text means. Infinity, which no field accepts, where no Decimal can hold it."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return _OUT_OF_BOUNDS


amount_units: Final = _scaled(AMOUNT_DECIMALS, _AMOUNT_BOUND)
"""Turns an amount into millionths. Raises ValueError."""

rating_units: Final = _scaled(RATING_DECIMALS, _RATING_BOUND)
"""Turns a rating into hundredths. Raises ValueError."""


def time_ms(value: object) -> int:
    """UTC milliseconds of an RFC 3339 text with an offset. Raises ValueError.

    Digits beyond milliseconds are cut off: "1970-01-01T02:00:00.0019+01:00" gives 3600001. Date and time are cached
    apart from fraction and offset, since many events of a batch share the one or the other.
    """
    if type(value) is not str:
        raise ValueError("not an RFC 3339 date and time with an offset")
    if len(value) > _USUAL_LENGTH:
        return _local_ms.__wrapped__(value[:_DATE_TIME_LENGTH]) + _fraction_ms.__wrapped__(value[_DATE_TIME_LENGTH:])
    return _local_ms(value[:_DATE_TIME_LENGTH]) + _fraction_ms(value[_DATE_TIME_LENGTH:])


@lru_cache(maxsize=8192)
def _local_ms(date_time: str) -> int:
    """Milliseconds from 1970 to a date and time without offset, both by the same local clock.

    8192 entries hold the seconds of more than two hours, and so those of most backlogs that are read at one time.
    """
    if not _DATE_TIME.fullmatch(date_time):
        raise ValueError("not an RFC 3339 date and time with an offset")
    return int(datetime.fromisoformat(f"{date_time.upper()}+00:00").timestamp()) * 1000


@lru_cache(maxsize=2048)
def _fraction_ms(text: str) -> int:
    """The milliseconds to add to a local time for its fraction of a second and its offset: ".5+01:00" gives -3599500.

    2048 entries hold every millisecond with two offsets.
    """
    match = _FRACTION_AND_OFFSET.fullmatch(text)
    if match is None:
        raise ValueError("not an RFC 3339 date and time with an offset")
    fraction, sign, hours, minutes = match.groups()
    ahead = int(f"{sign}1") * (int(hours) * 60 + int(minutes)) if sign else 0
    return int(fraction[:3].ljust(3, "0") if fraction else 0) - ahead * 60_000


def whole_number(value: object) -> int:
    """The integer that a text of plain digits means: no sign, no needless zero in front. Raises ValueError."""
    if type(value) is not str or not (value.isascii() and value.isdigit()) or len(value) > _DIGITS:
        raise ValueError("neither an integer nor its plain digits")
    if value[0] == "0" and value != "0":
        raise ValueError("neither an integer nor its plain digits")
    return int(value)


def event_id_text(value: object) -> str:
    """The id that an event gives itself: a text of 1 to `MAX_EVENT_ID` characters, or an integer from 0 to 2^63 - 1,
    which means its digits. Raises ValueError."""
    if type(value) is int and 0 <= value <= MAX_PRODUCT_ID:
        return str(value)
    if type(value) is not str or not 0 < len(value) <= MAX_EVENT_ID:
        raise ValueError("neither a text of the allowed length nor an integer within the limits")
    return value


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
EventId = Annotated[str, PlainValidator(event_id_text)]


class ProductSold(TypedDict):
    """Units of a product were sold for an amount."""

    name_of_product: Name
    product_id: ProductId
    no_of_units: Units
    amount: Amount
    occurred_at: NotRequired[OccurredAt]
    event_id: NotRequired[EventId]


class ProductRated(TypedDict):
    """A product of a category was rated from 0 to 5."""

    name_of_product: Name
    product_id: ProductId
    rating: Rating
    category: Category
    occurred_at: NotRequired[OccurredAt]
    event_id: NotRequired[EventId]


EVENT_NAME_KEYS: Final = ("event_name", "event")
"""Producers name the event under either key; where a message has both, they must agree."""

PRODUCT_SOLD: Final = "productSold"
PRODUCT_RATED: Final = "productRated"

# Validators, compiled once: compiling takes milliseconds, validating an event microseconds.
SOLD: Final = TypeAdapter(ProductSold)
RATED: Final = TypeAdapter(ProductRated)
SOLD_FIELDS: Final = frozenset(ProductSold.__annotations__)
RATED_FIELDS: Final = frozenset(ProductRated.__annotations__)
