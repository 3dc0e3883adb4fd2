"""Unknown fields keep every digit, or the message is rejected."""

from decimal import Context, Decimal

import pytest
from bson.decimal128 import Decimal128
from hypothesis import example, given
from hypothesis import strategies as st

from consumer.events.rejection import Rejected
from consumer.events.unknown_fields import storable
from shared.events import Reason


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
        with pytest.raises(Rejected) as rejected:
            storable({"x": value})
        assert rejected.value.rejection.reason == Reason.UNSTORABLE_NUMBER


def test_minus_zero_is_zero() -> None:
    assert str(storable({"x": Decimal("-0.0")})["x"]) == "0.0"
    assert str(storable({"x": Decimal("-0.5")})["x"]) == "-0.5"


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, Decimal("Infinity"), [1, {"a": Decimal("1E+7000")}]])
def test_what_no_bson_number_holds_is_rejected(value: object) -> None:
    with pytest.raises(Rejected) as rejected:
        storable({"x": value})
    assert rejected.value.rejection.reason == Reason.UNSTORABLE_NUMBER


def test_keys_are_judged_before_numbers() -> None:
    with pytest.raises(Rejected) as rejected:
        storable({"x": 2**64, "deep": [{"$gt": 1}]})
    assert rejected.value.rejection.reason == Reason.UNSTORABLE_KEY
