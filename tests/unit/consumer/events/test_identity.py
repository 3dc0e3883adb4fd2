"""An event published twice has one fingerprint, and no other event has it."""

import json
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consumer.events.decode import decode
from consumer.events.event import Event, Identity
from consumer.events.rejection import Rejection
from consumer.events.time_limits import TimeLimits
from shared.events import Reason, time_ms
from tests.unit.consumer.events.test_exact_json import meant

ALWAYS = TimeLimits(-(2**63), 2**63)
SOLD = {
    "event": '"productSold"', "name_of_product": '"Chair"', "product_id": "3", "no_of_units": "10", "amount": "1000.50",
    "event_id": '"a"',
}  # fmt: skip
RATED = {
    "event": '"productRated"', "name_of_product": '"Chair"', "product_id": "3", "rating": "4.5",
    "category": '"Furniture"', "event_id": '"a"',
}  # fmt: skip


def written(fields: dict[str, str]) -> bytes:
    return ("{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in fields.items()) + "}").encode()


def event_of(fields: dict[str, str], recorded_ms: int = 0, header_id: str | bytes | None = None) -> Event:
    event = decode(written(fields), recorded_ms, ALWAYS, header_id)
    assert not isinstance(event, Rejection), event
    return event


def fingerprint(fields: dict[str, str], recorded_ms: int = 0) -> bytes:
    identity = event_of(fields, recorded_ms).identity
    assert identity is not None
    return identity.fingerprint


FULL = {
    "occurred_at": '"2026-11-30T09:58:48.954Z"',
    "currency": '"EUR"',
    "rate": "1.10",
    "n": '[1,-0.0,{"b":"ü","a":1}]',
}
HASHED = [
    (SOLD, '["productSold",3,null,"Chair",10,"1000500000"]'),
    (RATED, '["productRated",3,null,"Chair",450,"Furniture"]'),
    (
        SOLD | FULL,
        '["productSold",3,1796032728954,"Chair",10,"1000500000"]'
        '{"currency":"EUR","n":[1,0.0,{"a":1,"b":"ü"}],"rate":1.10}',
    ),
    (
        RATED | {"utm.source": '"mail"', "x": r'[1e400,"\ud800",1.50,true]'},
        '["productRated",3,null,"Chair",450,"Furniture"]'
        r'{"utm.source":"mail","x":[1E+400,"\ud800",1.50,true]}',
    ),
]


@pytest.mark.parametrize(("fields", "hashed"), HASHED)
def test_fingerprints_stay_what_they_are(fields: dict[str, str], hashed: str) -> None:
    """MongoDB holds those of earlier versions: another value for one of these would count an event twice."""
    assert fingerprint(fields) == blake2b(hashed.encode(), digest_size=16).digest()


@pytest.mark.parametrize(
    "same",
    [
        {"amount": "1000.5"}, {"amount": '"1000.500"'}, {"amount": "1.0005e3"}, {"amount": '"10005E-1"'},
        {"product_id": '"3"'}, {"no_of_units": '"10"'}, {"name_of_product": r'"\u0043hair"'}, {"event_id": '"b"'},
        {"event_id": "7"}, {"occurred_at": "null"}, {"event_name": "null"}, {"event_name": '"productSold"'},
    ],
)  # fmt: skip
def test_what_means_the_same_has_one_fingerprint(same: dict[str, str]) -> None:
    assert fingerprint(SOLD | same) == fingerprint(SOLD)
    assert fingerprint(dict(reversed((SOLD | same).items())), recorded_ms=5) == fingerprint(SOLD)


@pytest.mark.parametrize(
    "changed",
    [
        {"name_of_product": '"chair"'}, {"product_id": "4"}, {"no_of_units": "11"}, {"amount": "1000.500001"},
        {"occurred_at": '"1970-01-01T00:00:00Z"'}, {"x": "null"}, {"x": "1"}, {"x": "1.0"}, {"x": "1.00"},
        {"x": '"1"'}, {"x": "true"}, {"x": "[]"}, {"x": "{}"}, {"x": '""'}, {"y": "1"}, {"x": "[1,2]"}, {"x": "[2,1]"},
        {"x": "[[1],2]"},
        {"x": '{"a":1}'}, {"x": '{"b":1}'}, {"x.y": "1"}, {"x.y": "1.0"}, {"x": r'"\ud800"'}, {"x": r'"\ud801"'},
        {"x": r'"\\ud800"'}, {"x": "18446744073709551616"}, {"x": "1e400"}, {"x": "1e7000"}, {"category": '"F"'},
    ],
)  # fmt: skip
def test_any_other_content_has_another_one(changed: dict[str, str]) -> None:
    fingerprints = [fingerprint(SOLD), fingerprint(RATED), fingerprint(SOLD | changed)]
    assert len(set(fingerprints)) == 3


def test_the_time_counts_by_its_instant_and_kafkas_does_not() -> None:
    at = SOLD | {"occurred_at": '"2026-11-30T09:58:48.954Z"'}
    assert fingerprint(at | {"occurred_at": '"2026-11-30T10:58:48.9540+01:00"'}, recorded_ms=1) == fingerprint(at)
    assert fingerprint(at | {"occurred_at": '"2026-11-30T09:58:48.955Z"'}) != fingerprint(at)
    assert fingerprint(SOLD, recorded_ms=1) == fingerprint(SOLD, recorded_ms=2)
    assert fingerprint(SOLD, recorded_ms=time_ms("2026-11-30T09:58:48.954Z")) != fingerprint(at)


PIECES = {
    "product_id": ["3", '"3"', "4"],
    "no_of_units": ["1", '"1"', "2"],
    "amount": ["1", "1.0", '"1.000"', "1e0", "1.000001"],
    "name_of_product": ['"p"', r'"\u0070"', '"q"'],
    "occurred_at": ["null", '"2026-06-01T00:00:00Z"', '"2026-06-01t01:00:00.000+01:00"', '"2026-06-01T00:00:00.001Z"'],
    "x": ["1", "1.0", "1.00", "10e-1", '"1"', '{"a":1,"b":[2,3]}', '{"b":[2,3],"a":1}', '{"b":[3,2],"a":1}', "null"],
    "a.b": ["0", "-0", "0.0", r'"\ud800"', r'"\uD800"', '{"y":1e999,"x":{}}', '{"x":{},"y":1E+999}', "[[]]", "[{}]"],
}


@st.composite
def sales(draw: st.DrawFn) -> dict[str, str]:
    fields = {"event": '"productSold"', "event_id": draw(st.sampled_from(['"a"', "1"]))}
    for name in draw(st.permutations(list(PIECES))):
        if name not in ("x", "a.b", "occurred_at") or draw(st.booleans()):
            fields[name] = draw(st.sampled_from(PIECES[name][:3] if draw(st.booleans()) else PIECES[name]))
    return fields


def content(fields: dict[str, str]) -> Any:
    """What a sale says, as values that compare: what the contract names by its meaning, all else by its digits."""
    parsed = json.loads(written(fields), parse_float=Decimal)
    known = Decimal(parsed["amount"]), int(parsed["no_of_units"]), int(parsed["product_id"]), parsed["name_of_product"]
    at = parsed.get("occurred_at")
    unknown = meant(written({name: fields[name] for name in ("x", "a.b") if name in fields}).decode())
    return known, None if at is None else time_ms(at), unknown


@given(sales(), sales())
@example(SOLD | {"x": "1"}, SOLD | {"x": "1.0"})
@example(SOLD | {"x": '{"a":1,"b":2}'}, SOLD | {"x": '{"b":2,"a":1}'})
@example(SOLD | {"a.b": '{"a":1,"b":2}'}, SOLD | {"a.b": '{"b":2,"a":1}'})
def test_two_sales_have_one_fingerprint_where_they_say_the_same(one: dict[str, str], another: dict[str, str]) -> None:
    assert (fingerprint(one) == fingerprint(another)) == (content(one) == content(another))


def test_a_header_gives_an_id_to_an_event_without_one_alone() -> None:
    without = {name: value for name, value in SOLD.items() if name != "event_id"}
    assert event_of(without).identity is None
    for fields in (without, without | {"event_id": "null"}):
        for header in ("b", b"b"):
            assert event_of(fields, header_id=header).identity == Identity("b", fingerprint(SOLD))
    for fields in (SOLD, SOLD | {"x.y": "1"}):
        assert event_of(fields, header_id="b").identity == Identity("a", fingerprint(fields))
    timed = {"occurred_at": '"2026-06-01T00:00:00Z"'}
    assert event_of(without | timed, 5, "b").identity == Identity("b", fingerprint(SOLD | timed))


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (b"\xff", "the id in the header 'ce_id' is not UTF-8: it begins with FF"),
        ("", "the id in the header 'ce_id' is empty"),
        (
            "ü".encode() * 129,
            "the id in the header 'ce_id' is longer than 128 characters: '" + "\\xfc" * 25 + "'... (129 characters)",
        ),
    ],
)
def test_a_header_that_holds_no_id_is_rejected_where_it_would_count(header: str | bytes, said: str) -> None:
    without = {name: value for name, value in SOLD.items() if name != "event_id"}
    said += "; allowed is text of 1 to 128 characters, in UTF-8"
    for limits in (ALWAYS, TimeLimits(1, 2)):
        assert decode(written(without), 0, limits, header, "ce_id") == Rejection(Reason.BAD_EVENT_ID, said)
    assert event_of(SOLD, header_id=header).identity == Identity("a", fingerprint(SOLD))
    wrong = decode(written(without | {"amount": "-1"}), 0, ALWAYS, header)
    assert isinstance(wrong, Rejection)
    assert wrong.reason == Reason.BAD_AMOUNT
