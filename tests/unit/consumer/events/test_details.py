"""A rejection's detail names what is wrong: the bound, the sign, the leading zero, the byte."""

import json

import pytest

from consumer.events.decode import decode
from consumer.events.rejection import Rejection
from shared.events import Reason
from tests.unit.consumer.events.test_contract import LIMITS, NOW_MS

SOLD = {"event": "productSold", "name_of_product": "Chair", "product_id": 7, "no_of_units": 2, "amount": "12.50"}
RATED = {"event": "productRated", "name_of_product": "Chair", "product_id": 7, "rating": "4.5", "category": "Books"}


def detail(value: bytes, reason: Reason | None = None) -> str:
    verdict = decode(value, NOW_MS, LIMITS)
    assert isinstance(verdict, Rejection), verdict
    assert reason in (None, verdict.reason)
    return verdict.detail


def detail_of(field: str, written: str) -> str:
    """The detail of an event with `written`, as JSON writes it, as the value of `field`."""
    event = RATED if field in ("rating", "category") else SOLD
    return detail(json.dumps({**event, field: "?"}).replace('"?"', written).encode())


@pytest.mark.parametrize(
    ("field", "number", "problem"),
    [
        ("product_id", "9223372036854775808", "is more than 9223372036854775807"),
        ("product_id", "-1", "is less than 0"),
        ("product_id", "-9223372036854775809", "is less than 0"),
        ("product_id", "99999999999999999999999999", "is more than 9223372036854775807"),
        ("product_id", "1.0", "has a decimal point or an exponent, which no integer has"),
        ("product_id", "-1.5", "has a decimal point or an exponent, which no integer has"),
        ("no_of_units", "2147483648", "is more than 2147483647"),
        ("no_of_units", "-3", "is less than 0"),
        ("amount", "1000000000000000000", "is not less than 1000000000000000000"),
        ("amount", "-25.00", "is less than 0"),
        ("amount", "0.1234567", "has more than 6 decimals"),
        ("rating", "6", "is more than 5"),
        ("rating", "5.001", "is more than 5"),
        ("rating", "-0.5", "is less than 0"),
        ("rating", "4.567", "has more than 2 decimals"),
    ],
)
def test_a_number_and_its_text_have_the_same_detail(field: str, number: str, problem: str) -> None:
    assert detail_of(field, number) == detail_of(field, f'"{number}"') == f"{field}: {number} {problem}"


@pytest.mark.parametrize(
    ("field", "written", "said"),
    [
        ("product_id", '"0233"', "'0233' has a leading zero"),
        ("product_id", '"00"', "'00' has a leading zero"),
        ("product_id", '"-0"', "'-0' has a sign in front, which no number needs"),
        ("product_id", '"-"', "'-' has a sign in front, which no number needs"),
        ("product_id", '"+5"', "'+5' has a sign in front, which no number needs"),
        ("product_id", '"1e3"', "1e3 has a decimal point or an exponent, which no integer has"),
        ("product_id", "1e3", "1E+3 has a decimal point or an exponent, which no integer has"),
        ("product_id", '" 5"', "' 5' holds U+0020 SPACE, digits alone are allowed"),
        ("product_id", '"5\\n"', "'5\\n' holds U+000A, digits alone are allowed"),
        ("product_id", '"٣"', "'\\u0663' holds U+0663 ARABIC-INDIC DIGIT THREE, digits alone are allowed"),
        ("product_id", '"0x10"', "'0x10' holds 'x', digits alone are allowed"),
        ("product_id", '"1_0"', "'1_0' holds '_', digits alone are allowed"),
        ("product_id", '""', "the text is empty, digits alone are allowed"),
        ("product_id", "true", "true is neither an integer nor its digits as text"),
        ("product_id", "null", "null is neither an integer nor its digits as text"),
        ("no_of_units", "[1]", "an array is neither an integer nor its digits as text"),
        ("no_of_units", "{}", "an object is neither an integer nor its digits as text"),
        ("no_of_units", f'"{"9" * 5000}"', f"{'9' * 40}… (5000 characters) is more than 2147483647"),
        ("no_of_units", f'"{"x" * 5000}"', f"'{'x' * 40}'… (5000 characters) holds 'x', digits alone are allowed"),
        ("amount", '"2,500.00"', "'2,500.00' holds ',', digits and one decimal point are allowed"),
        ("amount", '"$25.00"', "'$25.00' holds '$', digits and one decimal point are allowed"),
        ("amount", '"1.2.3"', "'1.2.3' is no number, digits and one decimal point are allowed"),
        ("amount", '"01.50"', "'01.50' has a leading zero"),
        ("amount", '".5"', "'.5' has no digit before the decimal point"),
        ("amount", '"5."', "'5.' has no digit after the decimal point"),
        ("amount", '"-0"', "'-0' has a sign in front, which no number needs"),
        ("amount", '"1e99999999999999999999"', "1e99999999999999999999 has an exponent that no decimal number holds"),
        ("amount", "1e99999999999999999999", "the number has an exponent that no decimal number holds"),
        ("amount", "null", "null is neither a number nor its text"),
        ("rating", "false", "false is neither a number nor its text"),
        ("name_of_product", '""', "the text is empty"),
        ("name_of_product", "12", "a number is not text"),
        ("name_of_product", "1.5", "a number is not text"),
        ("name_of_product", f'"{"é" * 257}"', "257 characters are more than 256"),
        ("category", "null", "null is not text"),
        ("category", f'"{"c" * 129}"', "129 characters are more than 128"),
        ("occurred_at", '"2026-06-01"', "'2026-06-01' is not a date and time with an offset as in RFC 3339, such as "
         "2026-11-30T09:58:48.954Z"),
        ("occurred_at", "1780272000", "a number is not a date and time with an offset as in RFC 3339, such as "
         "2026-11-30T09:58:48.954Z"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(field: str, written: str, said: str) -> None:
    assert detail_of(field, written) == f"{field}: {said}"


LATIN_1 = json.dumps({**SOLD, "name_of_product": "Müller"}, ensure_ascii=False).encode("latin-1")
CP_1252 = json.dumps({**SOLD, "name_of_product": "5 €"}, ensure_ascii=False).encode("cp1252")


@pytest.mark.parametrize(
    ("value", "at", "byte"),
    [
        (LATIN_1, LATIN_1.index(b"\xfc"), "0xFC"),
        (CP_1252, CP_1252.index(b"\x80"), "0x80"),
        (b'{"a":"caf\xc3"}', 9, "0xC3"),
        (b'{"a":"caf\xc3', 9, "0xC3"),
        (b'{"a":"x\xf0\x9f\x98"}', 7, "0xF0"),
        (b'{"a":"\xc0\x80"}', 6, "0xC0"),
        (b'{"a":"\xed\xa0\x80"}', 6, "0xED"),
        (b'{"a":"\xc3\xa9\xc3\xa9\xff"}', 10, "0xFF"),
        (b'{"k\xe4y":1}', 3, "0xE4"),
        (b'{"a":1}\xe4', 7, "0xE4"),
        (b'{"a":tru, "b":"\xe4"}', 15, "0xE4"),
    ],
    ids=range(11),
)
def test_bytes_that_are_not_utf_8_are_found_in_the_message(value: bytes, at: int, byte: str) -> None:
    assert detail(value, Reason.NOT_JSON).startswith(f"not UTF-8: byte {at} of the message is {byte} (")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b'{"\xc3\xa9":tru}', "Expecting value: byte 6 of the message"),
        (b'{"a":1e99999999999999999999,"b":}', "Expecting value: byte 32 of the message"),
        (b'{"a":NaN}', "JSON has no NaN"),
        (b'{"a":-Infinity}', "JSON has no -Infinity"),
        (b'{"a":%b}' % (b"9" * 5000), "an integer has more than 4300 digits"),
    ],
)
def test_what_is_no_json_is_found_in_the_message(value: bytes, said: str) -> None:
    assert detail(value, Reason.NOT_JSON) == said
