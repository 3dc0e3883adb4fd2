"""docs/schemas holds what the code makes, and the schemas judge the contract's vectors as far as JSON Schema can."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from consumer.events.decode import decode
from consumer.events.rejection import Rejection
from shared.event_schema import MODELS, schema_of, text
from shared.events import Reason, exact_decimal
from tests.support.process import ROOT
from tests.unit.consumer.events.test_contract import LIMITS, NOW_MS, VECTORS, value_of

WITHOUT_WORDS = {
    Reason.TOO_LARGE,
    Reason.TOO_DEEP,
    Reason.UNSTORABLE_TEXT,
    Reason.FROM_THE_FUTURE,
    Reason.TOO_OLD,
}
"""Reasons for which JSON Schema has no words: lengths in bytes, depth, halves of surrogate pairs, and the present."""
BEYOND_PATTERNS: Mapping[str, str] = {
    "amount huge exponent": "the text of a number with an exponent",
    "occurred_at not a day": "that a month has so many days",
}
"""Vectors of other reasons that a schema accepts, and what it cannot say of them."""


def validator(event: str) -> Draft202012Validator:
    return Draft202012Validator(schema_of(event))


def parsed(vector: dict[str, Any]) -> Any:
    """The JSON of a vector with all its digits. Raises ValueError where it is none."""

    def refuse(word: str) -> None:
        raise ValueError(word)

    return json.loads((value_of(vector) or b"").decode(), parse_float=exact_decimal, parse_constant=refuse)


@pytest.mark.parametrize("event", MODELS)
def test_the_file_holds_what_the_code_makes(event: str) -> None:
    path = ROOT / f"docs/schemas/{event}.json"
    command = f"python -m shared.event_schema {event} > docs/schemas/{event}.json"
    assert path.read_text() == text(event), f"run `make schemas`: {command}"
    Draft202012Validator.check_schema(json.loads(path.read_text()))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_schema_accepts_what_the_consumer_accepts_and_rejects_what_it_has_words_for(vector: dict[str, Any]) -> None:
    expected = vector["expect"].get("accepted")
    if expected is not None:
        assert [event for event in MODELS if validator(event).is_valid(parsed(vector))] == [expected["event"]]
        return
    reason = Reason(vector["expect"]["rejected"])
    if reason in WITHOUT_WORDS | {Reason.EMPTY, Reason.NOT_JSON}:
        return
    is_valid = any(validator(event).is_valid(parsed(vector)) for event in MODELS)
    assert is_valid == (vector["name"] in BEYOND_PATTERNS)


@pytest.mark.parametrize(
    ("event", "field", "value"),
    [
        ("productSold", "product_id", "9223372036854775808"),
        ("productSold", "product_id", 233.0),
        ("productSold", "no_of_units", "2147483648"),
        ("productSold", "amount", 0.0000001),
        ("productRated", "rating", 4.255),
        ("productRated", "rating", "9e9"),
    ],
)
def test_the_page_names_what_a_schema_accepts_and_the_consumer_rejects(event: str, field: str, value: object) -> None:
    message = {"event": event, "name_of_product": "Chair", "product_id": 7, "no_of_units": 2, "amount": "12.50"}
    message |= {"rating": 4, "category": "Books", field: value}
    assert validator(event).is_valid(message)
    assert isinstance(decode(json.dumps(message).encode(), NOW_MS, LIMITS), Rejection)


def test_a_schema_tells_both_names_apart_if_they_differ() -> None:
    message = {"event": "productSold", "name_of_product": "Chair", "product_id": 7, "no_of_units": 2, "amount": "12.50"}
    assert validator("productSold").is_valid(message | {"event_name": "productSold"})
    assert not validator("productSold").is_valid(message | {"event_name": "productRated"})
