"""The short way to a verdict gives the models' verdict, whatever the message."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consumer.events.decode import decode, parse, usual_event, with_detail
from consumer.events.event import Event
from consumer.events.rejection import Rejected, Rejection
from consumer.events.slow_path import event_of
from consumer.events.time_limits import TimeLimits
from scripts.publish.generated.generate import generate
from tests.unit.consumer.events.test_contract import NOW_MS, VECTORS, value_of

ALWAYS = TimeLimits(-(2**63), 2**63)
DEEPEST = "[" * 15 + "]" * 15

VALUES = st.sampled_from([
    "0", "-0", "1", "5", "-1", "7", "0.0", "-0.0", "5.00", "5.001", "4.25", "12.345678", "12.3456789", "1.0000000000",
    "12e2", "1e-7", "1e999999999999999999999", "1E-999999", "999999999999999999.999999", "1000000000000000000",
    "2147483648", "9223372036854775807", "9223372036854775808", "123456789012345678901234567890", "true", "null",
    "[]", "{}", f"[{DEEPEST}]", DEEPEST, "[" * 63 + "]" * 63, "[" * 64 + "]" * 64, r'"\ud800"', r'{"\udfff":[1.50]}',
    r'"\u0000"', f'"{"i" * 129}"', '{"$a":1}', '{"a.b":[1]}', '{"a":1e7000}',
    '[{"a":{"b":[0.1,-0.10,123456789.12345678901234567890123456789]}}]', '"0"', '"00"', '"01"', '"12"', '"12."',
    '".5"', '"1.5"', '"-1"', '"+1"', '" 1"', '"1_0"', '"\u0661"', '"1e2"', '"1.50000000"', '"9223372036854775808"',
    '"99999999999999999999"', '""', '"a"', f'"{"n" * 128}"', f'"{"n" * 256}"', f'"{"n" * 257}"', '"productSold"',
    '"productRated"', '"sold"', '"2026-06-01T00:00:00Z"', '"2026-06-01t00:00:00.1239+01:30"',
    '"2026-06-01T24:00:00Z"', '"2026-02-30T00:00:00Z"', '"2026-06-01T00:00:00"', '"0001-01-01T00:00:00+23:59"',
])  # fmt: skip
FIELDS = ("event", "event_name", "name_of_product", "product_id", "no_of_units", "amount", "rating", "category",
          "occurred_at", "event_id", "more", "mo.re", "$more", "zwölf")  # fmt: skip
VALID = {
    "name_of_product": '"Product"', "product_id": "7", "no_of_units": '"2"', "amount": "12.5", "rating": "4.5",
    "category": '"Books"',
}  # fmt: skip


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A valid event with up to four fields put in, replaced or taken away."""
    fields = {draw(st.sampled_from(FIELDS[:2])): draw(st.sampled_from(['"productSold"', '"productRated"'])), **VALID}
    for name in draw(st.lists(st.sampled_from(FIELDS), max_size=4, unique=True)):
        fields[name] = draw(VALUES)
    for name in draw(st.lists(st.sampled_from(FIELDS), max_size=1)):
        fields.pop(name, None)
    return ("{" + ",".join(f'"{name}":{value}' for name, value in fields.items()) + "}").encode()


def by_the_models(value: bytes | None) -> Event | Rejection:
    try:
        return event_of(parse(value), NOW_MS, value or b"")
    except Rejected as rejected:
        return with_detail(rejected.rejection, value)


def same(value: bytes | None) -> None:
    short, long = decode(value, NOW_MS, ALWAYS), by_the_models(value)
    assert (type(short), repr(short)) == (type(long), repr(long))


@given(messages())
@example(b'{"event_name":null,"event":"productSold","name_of_product":"P","product_id":7,"no_of_units":2,"amount":1}')
@example(b'{"event":"productSold","name_of_product":"P","product_id":7,"no_of_units":2,"amount":1,"more":"\\ud800"}')
def test_any_message_gets_the_models_verdict(message: bytes) -> None:
    same(message)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_contracts_messages_get_the_models_verdict(vector: dict[str, Any]) -> None:
    same(value_of(vector))


def test_no_valid_event_of_the_publisher_needs_the_models() -> None:
    for message in generate(count=2_000, products=5, seed=1, spread_seconds=60, now_ms=NOW_MS):
        parsed = parse(message.value)
        assert isinstance(parsed, dict)
        assert usual_event(parsed, NOW_MS) is not None, message.value
