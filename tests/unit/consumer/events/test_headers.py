"""Which of a message's headers gives its event an id."""

import json

import pytest
from confluent_kafka import Message

from consumer.events.decode import decode, judge
from consumer.events.encode import Encoder
from consumer.events.message import last_header
from consumer.events.rejection import Rejection
from consumer.events.time_limits import TimeLimits
from shared.events import Reason

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
    event = decode(SALE, 0, ALWAYS, last_header(message, "id"))
    if isinstance(event, Rejection):
        assert (value, event.reason) == (b"", Reason.BAD_EVENT_ID)
    else:
        assert (event.identity and event.identity.event_id) == (value and value.decode())


def test_a_wrong_id_is_told_by_the_name_of_its_header() -> None:
    message = Message(topic="t", partition=0, offset=0, value=SALE, headers=[("ce_id", b"")])
    (_, rejection), *others = judge([message], ALWAYS, Encoder(0, 0), "ce_id").rejected
    assert (rejection.reason, others) == (Reason.BAD_EVENT_ID, [])
    assert rejection.detail == (
        "the id in the header 'ce_id' is empty; allowed is text of 1 to 128 characters, in UTF-8"
    )


def test_a_message_without_headers_gives_no_id() -> None:
    assert last_header(Message(topic="t", partition=0, offset=0, value=SALE), "id") is None
