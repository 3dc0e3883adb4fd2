"""The usual forms of a valid event, judged by a few comparisons each. Pure.

What `plain_event` accepts or rejects, the models of `shared.events` judge alike, which a property test holds together.
It costs a fifth of the models, whose word counts in every other case.
"""

from collections.abc import Container
from typing import Any, Final

from consumer.events.event import Event, Extra, Rated, Sold
from consumer.events.unknown_fields import storable
from shared.events import (
    MAX_CATEGORY,
    MAX_NAME,
    MAX_PRODUCT_ID,
    MAX_UNITS,
    PRODUCT_RATED,
    PRODUCT_SOLD,
    RATED_FIELDS,
    SOLD_FIELDS,
    amount_units,
    rating_units,
    time_ms,
    whole_number,
)

EVENT_NAMES: Final = ("event_name", "event")
_OF_SOLD: Final = SOLD_FIELDS.union(EVENT_NAMES)
_OF_RATED: Final = RATED_FIELDS.union(EVENT_NAMES)
_LEAST_FIELDS: Final = 5
"""Of either event: its name and four of its own."""


def plain_event(message: dict[str, Any], recorded_ms: int) -> Event | None:
    """The event in `message`, or None: the models have to judge. Raises Rejected for its unknown fields alone.

    `recorded_ms` is taken where the event has no time of its own.
    """
    usual = _LEAST_FIELDS
    if "event" not in message:
        kind = message.get("event_name")
    else:
        kind = message["event"]
        if "event_name" in message:
            if message["event_name"] != kind:
                return None
            usual += 1
    try:
        if "occurred_at" in message:
            recorded_ms = time_ms(message["occurred_at"])
            usual += 1
        if kind == PRODUCT_SOLD:
            return _sold(message, recorded_ms, len(message) > usual)
        if kind == PRODUCT_RATED:
            return _rated(message, recorded_ms, len(message) > usual)
    except (KeyError, ValueError):
        pass
    return None


def _sold(message: dict[str, Any], at_ms: int, more: bool) -> Sold | None:
    name, product, units = message["name_of_product"], message["product_id"], message["no_of_units"]
    if type(product) is not int:
        product = whole_number(product)
    if type(units) is not int:
        units = whole_number(units)
    if type(name) is str and 0 < len(name) <= MAX_NAME and 0 <= product <= MAX_PRODUCT_ID and 0 <= units <= MAX_UNITS:
        amount = amount_units(message["amount"])
        return Sold(product, at_ms, name, units, amount, extra_fields(message, _OF_SOLD) if more else None)
    return None


def _rated(message: dict[str, Any], at_ms: int, more: bool) -> Rated | None:
    name, product, category = message["name_of_product"], message["product_id"], message["category"]
    if type(product) is not int:
        product = whole_number(product)
    if type(name) is not str or type(category) is not str:
        return None
    if 0 < len(name) <= MAX_NAME and 0 < len(category) <= MAX_CATEGORY and 0 <= product <= MAX_PRODUCT_ID:
        rating = rating_units(message["rating"])
        return Rated(product, at_ms, name, rating, category, extra_fields(message, _OF_RATED) if more else None)
    return None


def extra_fields(message: dict[str, Any], known: Container[str]) -> Extra:
    """The unknown fields, as BSON can store them. Raises Rejected."""
    return storable(message, known) or None
