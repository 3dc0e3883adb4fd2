"""Which of a message's headers gives its event an id."""

import json

import pytest
from confluent_kafka import Message

from consumer.events.decode import judge
from consumer.events.encode import Encoder
from consumer.events.message import last_header
from consumer.events.time_limits import TimeLimits

SALE = json.dumps(
    {"event": "productSold", "name_of_product": "P", "product_id": 7, "no_of_units": 2, "amount": 1}
).encode()
ALWAYS = TimeLimits(-(2**63), 2**63)


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        ([("id", b"1")], b"1"),
        ([("id", b"1"), ("other", b"2"), ("id", b"3"), ("ID", b"4")], b"3"),
        ([("id", b"1"), ("id", None)], None),
        ([("id", b"")], b""),
        ([("id ", b"1")], None),
        ([], None),
    ],
)
def test_the_last_header_of_the_name_counts(headers: list[tuple[str, str | bytes | None]], value: bytes | None) -> None:
    message = Message(topic="t", partition=0, offset=0, value=SALE, headers=headers)
    assert last_header(message, "id") == value
    without_any = Message(topic="t", partition=0, offset=1, value=SALE)
    judged = judge([message, without_any], ALWAYS, Encoder(0, 1), {}, "id")
    ids = [event.identity and event.identity.event_id for event, _, _ in judged.accepted]
    rejected = [rejection.reason for _, rejection in judged.rejected]
    if value == b"":
        assert (ids, rejected) == ([None], ["bad_event_id"])
    else:
        assert (ids, rejected) == ([value.decode() if value else None, None], [])
