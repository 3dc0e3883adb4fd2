"""`python -m shared.event_schema productSold` prints the JSON Schema (2020-12) of an event, which docs/schemas holds.

The schemas are for producers, who check what they are about to send; the consumer judges by `shared.events`, from whose
models and limits the schemas are made. A schema accepts each event that the consumer accepts. It also accepts some that
the consumer rejects, because JSON Schema has no words for them: docs/events.md lists these.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any, Final

from shared.documents import AMOUNT_DECIMALS, RATING_DECIMALS
from shared.events import (
    AMOUNTS_BELOW,
    EVENT_NAME_KEYS,
    MAX_CATEGORY,
    MAX_EVENT_ID,
    MAX_NAME,
    MAX_PRODUCT_ID,
    MAX_RATING,
    MAX_UNITS,
    PRODUCT_RATED,
    PRODUCT_SOLD,
    ProductRated,
    ProductSold,
)

Schema = dict[str, Any]

MODELS: Final[Mapping[str, type]] = {PRODUCT_SOLD: ProductSold, PRODUCT_RATED: ProductRated}
_WITH_EXPONENT: Final = r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?[eE][+-]?[0-9]+"
"""A number with an exponent, as a text. A pattern cannot say which of them are within the limits."""
_TIME: Final = (
    r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(?:\.[0-9]+)?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"
)


def schema_of(event: str) -> Schema:
    """The JSON Schema of `productSold` or `productRated`. Raises KeyError for any other name."""
    model = MODELS[event]
    required: frozenset[str] = vars(model)["__required_keys__"]
    fields = {key: {"enum": [event, None], "description": _EVENT_NAME} for key in EVENT_NAME_KEYS}
    fields |= {field: _FIELDS[field] for field in model.__annotations__}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:product-analytics:event:{event}",
        "title": event,
        "description": " ".join((model.__doc__ or "").split()),
        "type": "object",
        "properties": {
            field: described if field in required or field in EVENT_NAME_KEYS else _optional(described)
            for field, described in fields.items()
        },
        "required": [field for field in model.__annotations__ if field in required],
        "anyOf": [{"properties": {key: {"const": event}}, "required": [key]} for key in EVENT_NAME_KEYS],
    }


def text(event: str) -> str:
    """The schema as docs/schemas holds it."""
    return json.dumps(schema_of(event), indent=2) + "\n"


def _text(most: int, description: str) -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": most, "description": description}


def _integer(most: int, description: str) -> Schema:
    digits = len(str(most)) - 1
    return {
        "anyOf": [
            {"type": "integer", "minimum": 0, "maximum": most},
            {"type": "string", "pattern": f"^(?:0|[1-9][0-9]{{0,{digits}}})$"},
        ],
        "description": description,
    }


def _decimal(limits: Schema, written: str, description: str) -> Schema:
    """A number within `limits`, or its text, which is `written` so or has an exponent."""
    return {
        "anyOf": [
            {"type": "number", "minimum": 0, **limits},
            {"type": "string", "pattern": f"^(?:{written}|{_WITH_EXPONENT})$"},
        ],
        "description": description,
    }


def _optional(field: Schema) -> Schema:
    description = field["description"]
    without = {key: value for key, value in field.items() if key != "description"}
    return {"anyOf": [*without.get("anyOf", [without]), {"type": "null"}], "description": description}


_EVENT_NAME: Final = "The event's name: one of the two keys has it, or both have the same."
_FIELDS: Final[dict[str, Schema]] = {
    "name_of_product": _text(MAX_NAME, "The product's name at the time of the event."),
    "product_id": _integer(MAX_PRODUCT_ID, "The product's id: an integer, or its digits as text."),
    "no_of_units": _integer(MAX_UNITS, "How many units were sold: an integer, or its digits as text."),
    "amount": _decimal(
        {"exclusiveMaximum": AMOUNTS_BELOW},
        rf"(?:0|[1-9][0-9]{{0,{len(str(AMOUNTS_BELOW)) - 2}}})(?:\.[0-9]{{1,{AMOUNT_DECIMALS}}}0*)?",
        f"The price of all units: a number with at most {AMOUNT_DECIMALS} decimals, or its text, which keeps them.",
    ),
    "rating": _decimal(
        {"maximum": MAX_RATING},
        rf"[0-{MAX_RATING - 1}](?:\.[0-9]{{1,{RATING_DECIMALS}}}0*)?|{MAX_RATING}(?:\.0+)?",
        f"A number with at most {RATING_DECIMALS} decimals, or its text.",
    ),
    "category": _text(MAX_CATEGORY, "The product's category at the time of the event."),
    "occurred_at": {
        "type": "string",
        "format": "date-time",
        "pattern": _TIME,
        "description": "When it happened, with an offset from UTC. Without it the time of Kafka's record counts.",
    },
    "event_id": {
        "anyOf": [
            {"type": "string", "minLength": 1, "maxLength": MAX_EVENT_ID},
            {"type": "integer", "minimum": 0, "maximum": MAX_PRODUCT_ID},
        ],
        "description": "Of the events of a product with the same id, the first counts.",
    },
}


if __name__ == "__main__":
    sys.stdout.write(text(sys.argv[1]))
