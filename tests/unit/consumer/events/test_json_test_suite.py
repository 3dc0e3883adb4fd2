"""A public suite of JSON texts: each is judged as JSON asks, as a message and as the value of an unknown field.

The names say what a parser must do: `y_` accept, `n_` refuse, `i_` as it likes. `json_test_suite.LICENSE`, beside the
suite, says where it comes from.
"""

import base64
import json
import time
from decimal import Decimal
from pathlib import Path

import bson
import pytest

from consumer.events.decode import decode
from consumer.events.encode import Encoder
from consumer.events.event import Event
from consumer.events.rejection import Rejection
from consumer.events.time_limits import TimeLimits
from shared.events import MAX_MESSAGE_BYTES, Reason
from tests.unit.consumer.events.test_contract import comparable, digits

ALWAYS = TimeLimits(-(2**63), 2**63)
NO_JSON = {Reason.EMPTY, Reason.TOO_LARGE, Reason.TOO_DEEP, Reason.NOT_JSON}
NO_EVENT = {Reason.NOT_OBJECT, Reason.MISSING_FIELD}
EVENT = b'{"event":"productSold","name_of_product":"P","product_id":7,"no_of_units":2,"amount":1,%b}'
MOST_SECONDS = 0.5
"""No message may take longer, whatever it holds; usual ones take microseconds."""


def texts() -> dict[str, bytes]:
    """The suite, by name. Of a text that repeats one piece, the file has the piece, how often, and what follows."""
    suite = {}
    for line in (Path(__file__).parents[3] / "contracts/json_test_suite.jsonl").read_text().splitlines():
        case = json.loads(line)
        piece = base64.b64decode(case["base64"])
        suite[case["name"]] = piece * case.get("times", 1) + case.get("end", "").encode()
    return suite


SUITE = texts()
WRAPPED = {
    "its value": b'"x":%b',
    "in an array": b'"x":[1,%b]',
    "in an object": b'"x":{"y":%b}',
    "first": b'"x":%b,"z":1',
}


def judge(value: bytes) -> Event | Rejection:
    started = time.thread_time()
    verdict = decode(value, 0, ALWAYS)
    assert time.thread_time() - started < MOST_SECONDS
    return verdict


def assert_kept(event: Event, fields: bytes) -> None:
    """The stored document of `event` holds the unknown fields `fields` with every digit and every character."""
    stored = bson.decode(Encoder(0, 1).encode(event, 0))
    text = f"{{{fields.decode()}}}"
    if "extra_json" in stored:
        assert "extra" not in stored
        assert digits(stored["extra_json"]) == digits(text)
    else:
        assert comparable(stored["extra"]) == json.loads(text, parse_float=Decimal)


@pytest.mark.parametrize("name", SUITE)
def test_as_a_message(name: str) -> None:
    verdict = judge(SUITE[name])
    assert isinstance(verdict, Rejection)
    allowed = {"y": NO_EVENT, "n": NO_JSON, "i": NO_EVENT | NO_JSON}[name[0]]
    assert verdict.reason in allowed


@pytest.mark.parametrize("around", WRAPPED.values(), ids=WRAPPED)
@pytest.mark.parametrize("name", SUITE)
def test_as_an_unknown_field(name: str, around: bytes) -> None:
    fields = around % SUITE[name]
    verdict = judge(EVENT % fields)
    if isinstance(verdict, Rejection):
        assert name[0] in "ni"
        assert verdict.reason in NO_JSON
    else:
        assert name[0] in "yi"
        assert_kept(verdict, fields)


@pytest.mark.parametrize("name", [name for name in SUITE if name[0] != "n"])
def test_beside_a_field_that_bson_cannot_hold(name: str) -> None:
    """The unknown fields are kept as text then, whatever else is among them."""
    fields = b'"a.b":1.0,"x":%b' % SUITE[name]
    verdict = judge(EVENT % fields)
    if isinstance(verdict, Rejection):
        assert name[0] == "i"
        assert verdict.reason in NO_JSON
    else:
        assert verdict.unknown_fields is None
        assert_kept(verdict, fields)


def test_the_suite_is_whole() -> None:
    assert len(SUITE) == 318
    assert max(map(len, SUITE.values())) > MAX_MESSAGE_BYTES
