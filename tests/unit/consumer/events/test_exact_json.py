"""The text of unknown fields holds what was sent, as another reader says; its canonical form tells which are equal."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from consumer.events.decode import decode
from consumer.events.event import Event
from consumer.events.exact_json import canonical
from consumer.events.rejection import Rejection
from consumer.events.time_limits import TimeLimits
from tests.unit.consumer.events.test_contract import digits

ALWAYS = TimeLimits(-(2**63), 2**63)
EVENT = '{"event":"productSold","name_of_product":"P","product_id":7,"no_of_units":2,"amount":1,"a.b":-0,%s}'

CHARACTERS = st.sampled_from(
    ["a", "é", "日", "😀", " ", "{", "]", ",", ":", r"\"", r"\\", r"\/", r"\n", r"\u0000", r"\u00e9", r"\ud83d\ude00",
     r"\ud800", r"\udc00", r"\udfff", "\x7f", "\u2028", r"\\ud800", "1", "-", "."]
)  # fmt: skip
STRINGS = st.lists(CHARACTERS, max_size=6).map(lambda characters: f'"{"".join(characters)}"')
NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,25})?", fullmatch=True).filter(
    str.isascii
)
VALUES: st.SearchStrategy[str] = st.recursive(
    NUMBERS | STRINGS | st.sampled_from(["true", "false", "null", "[]", "{}", " [ ] "]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda values: f"[{' , '.join(values)}]"),
        st.lists(st.tuples(STRINGS, inner), max_size=4).map(
            lambda members: "{" + ",".join(f"{key} : {value}" for key, value in members) + "}"
        ),
    ),
    max_leaves=12,
)


def accepted(fields: str) -> Event:
    event = decode((EVENT % fields).encode(), 0, ALWAYS)
    assert not isinstance(event, Rejection), event
    return event


@given(VALUES)
@example(r'"\ud800\\udc00"')
@example("[1.0,1.00,1e400,-1E+999999999999999999999,0.1000000000000000055511151231257827]")
def test_the_text_holds_every_digit_and_character(value: str) -> None:
    event = accepted(f'"x": {value}')
    assert event.unknown_fields is None
    assert digits(event.unknown_json) == digits(f'{{"a.b":-0,"x":{value}}}')
    assert (event.unknown_json or "").encode()  # UTF-8 can hold it


@given(VALUES, VALUES)
def test_the_canonical_text_is_the_same_where_the_values_are(one: str, another: str) -> None:
    same = meant(one) == meant(another)
    assert (canonical(f'{{"x":{one}}}') == canonical(f'{{"x":{another}}}')) == same
    assert canonical(f'{{"x":{one},"y":{another}}}') == canonical(f'{{"y":{another}, "x":{one}}}')


@given(VALUES)
def test_the_canonical_text_means_what_the_text_does(value: str) -> None:
    text = f'{{"x":{value}}}'
    assert meant(canonical(text).decode()) == meant(text)


def test_of_a_number_each_digit_counts_and_the_spelling_does_not() -> None:
    for spellings in (
        ["1e400", "1E400", "1e+400", "1E+0400"],
        ["0.0", "-0.0"],
        ["0", "-0"],
        ["1e-7", "0.0000001"],
        ["5", "5e0"],
    ):
        assert len({canonical(f'{{"x":{spelling}}}') for spelling in spellings}) == 1
    different = ["1", "1.0", "1.00", "10e-1", "-1", '"1"', "1e9999999999999999999", "1e99999999999999999990", "[1]"]
    assert len({canonical(f'{{"x":{number}}}') for number in different}) == len(different) - 1  # 1.0 is 10e-1


def meant(text: str) -> Any:
    """JSON as values that compare: of a number its digits and its exponent, or its text where no Decimal holds it."""
    return json.loads(text, parse_int=_number, parse_float=_number)


def _number(text: str) -> tuple[object, ...]:
    try:
        sign, figures, exponent = Decimal(text).as_tuple()
    except InvalidOperation:
        return (text.lower(),)
    return sign if any(figures) else 0, figures, exponent
