"""BSON holds unknown fields with every digit, or they are refused as unstorable."""

from decimal import Context, Decimal

import bson
import pytest
from bson.decimal128 import Decimal128
from hypothesis import example, given
from hypothesis import strategies as st

from consumer.events.unknown_fields import Unstorable, storable


@given(st.decimals(allow_nan=False, allow_infinity=False))
@example(Decimal("1E+6144"))
@example(Decimal("1E-6176"))
@example(Decimal("9.999999999999999999999999999999999E+6144"))
@example(Decimal("-0.10"))
@example(Decimal("0E+9000"))
def test_a_decimal_is_stored_exactly_or_rejected(value: Decimal) -> None:
    _, digits, exponent = Context(prec=10_000).normalize(value).as_tuple()
    assert isinstance(exponent, int)
    if len(digits) <= 34 and exponent >= -6176 and exponent + len(digits) <= 6145:
        stored = storable({"x": value})["x"]
        assert isinstance(stored, Decimal128)
        assert stored.to_decimal() == value
    else:
        with pytest.raises(Unstorable):
            storable({"x": value})


def test_minus_zero_is_zero() -> None:
    assert str(storable({"x": Decimal("-0.0")})["x"]) == "0.0"
    assert str(storable({"x": Decimal("-0.5")})["x"]) == "-0.5"


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, Decimal("Infinity"), [1, {"a": Decimal("1E+7000")}]])
def test_what_no_bson_number_holds_is_refused(value: object) -> None:
    with pytest.raises(Unstorable):
        storable({"x": value})


@pytest.mark.parametrize("key", ["$gt", "a.b", ".", "a\0b", "$"])
def test_a_key_that_mongodb_could_read_as_an_operator_or_a_path_is_refused(key: str) -> None:
    for message in ({key: 1}, {"x": [{"y": {key: None}}]}):
        with pytest.raises(Unstorable):
            storable(message)


@pytest.mark.parametrize("key", ["", " ", "a$", "é", "0", "a b", "__proto__", "_id"])
def test_any_other_key_is_stored(key: str) -> None:
    assert bson.decode(bson.encode(storable({"x": {key: 1}}))) == {"x": {key: 1}}


def nested(levels: int) -> object:
    return [nested(levels - 1)] if levels else 1


def test_fields_nest_sixteen_deep_with_the_message_and_no_deeper() -> None:
    assert storable({"x": nested(15)}) == {"x": nested(15)}
    with pytest.raises(Unstorable):
        storable({"x": nested(16)})
