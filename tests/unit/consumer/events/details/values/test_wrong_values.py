"""The detail of a wrong value names what was found, which rule it breaks, what was meant, and what is allowed."""

import json

import pytest

from consumer.events.decode import decode
from consumer.events.rejection import Rejection
from tests.unit.consumer.events.test_contract import LIMITS, NOW_MS

SOLD = {"event": "productSold", "name_of_product": "Chair", "product_id": 7, "no_of_units": 2, "amount": "12.50"}
ALLOWED = {
    "product_id": "an integer from 0 to 9223372036854775807, or its digits as text",
    "no_of_units": "an integer from 0 to 2147483647, or its digits as text",
    "amount": "a number, or its text, from 0 to less than 10^18, with at most 6 decimals",
    "rating": "a number, or its text, from 0 to 5, with at most 2 decimals",
    "name_of_product": "text of 1 to 256 characters",
    "category": "text of 1 to 128 characters",
    "event_id": "text of 1 to 128 characters, or an integer from 0 to 9223372036854775807",
}
RATED = {"event": "productRated", "name_of_product": "Chair", "product_id": 7, "rating": "4.5", "category": "Books"}


def detail(value: bytes) -> str:
    verdict = decode(value, NOW_MS, LIMITS)
    assert isinstance(verdict, Rejection), verdict
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
        ("amount", "0.1234567", "has 7 decimals, 6 are allowed: '7' is too much; rounded, it is 0.123457"),
        ("rating", "6", "is more than 5"),
        ("rating", "5.001", "is more than 5"),
        ("rating", "-0.5", "is less than 0"),
        ("rating", "4.567", "has 3 decimals, 2 are allowed: '7' is too much; rounded, it is 4.57"),
    ],
)
def test_a_number_and_its_text_have_the_same_detail(field: str, number: str, problem: str) -> None:
    said = detail_of(field, number)
    assert said == detail_of(field, f'"{number}"')
    assert said.startswith(f"{field}: {number} {problem}; ")
    assert said.endswith(f"; allowed is {ALLOWED[field]}")


@pytest.mark.parametrize(
    ("field", "written", "said"),
    [
        ("product_id", '"0233"', "'0233' has a leading zero"),
        ("product_id", '"00"', "'00' has a leading zero"),
        ("product_id", '"-0"', "'-0' has a sign in front, which no number needs"),
        ("product_id", '"-"', "'-' has a sign in front, which no number needs; the producer had no number to send"),
        ("product_id", '"+5"', "'+5' has a sign in front, which no number needs; it looks like a number with a plus "
         "sign: send 5"),
        ("product_id", '"1e3"', "1e3 has a decimal point or an exponent, which no integer has; send 1000"),
        ("product_id", "1e3", "1E+3 has a decimal point or an exponent, which no integer has; send 1000"),
        ("product_id", "1e30", "1E+30 has a decimal point or an exponent, which no integer has"),
        ("product_id", '"1.000"', "1.000 has a decimal point or an exponent, which no integer has; send 1, or 1000 if "
         "the point separates thousands"),
        ("product_id", '" 5"', "' 5' holds U+0020 SPACE; it looks like a number with white space around it: send 5"),
        ("product_id", '"5\\n"', "'5\\n' holds U+000A LINE FEED; it looks like a number with white space around it: "
         "send 5"),
        ("product_id", '"٣"', "'\\u0663' holds U+0663 ARABIC-INDIC DIGIT THREE; it looks like a number with other "
         "digits than 0 to 9: send 3"),
        ("product_id", '"0x10"', "'0x10' is no decimal number"),
        ("product_id", '"1_0"', "'1_0' holds '_'"),
        ("product_id", '"1,000"', "'1,000' holds ','; it looks like a number with a comma, for thousands or for "
         "decimals: send 1000"),
        ("product_id", '"SKU-12"', "'SKU-12' holds 'S'; it is a code, not the product's number"),
        ("product_id", '"550e8400-e29b-41d4-a716-446655440000"',
         "'550e8400-e29b-41d4-a716-446655440000' holds 'e'; it is a UUID"),
        ("product_id", '""', "the text is empty"),
        ("product_id", '" "', "' ' is white space"),
        ("product_id", "true", "true is neither an integer nor its digits as text"),
        ("product_id", "null", "null is neither an integer nor its digits as text"),
        ("no_of_units", "[1]", "an array of 1 element is neither an integer nor its digits as text"),
        ("no_of_units", "{}", "an empty object is neither an integer nor its digits as text"),
        ("no_of_units", f'"{"9" * 5000}"', f"{'9' * 100}... (5000 characters) is more than 2147483647"),
        ("no_of_units", f'"{"x" * 5000}"', f"'{'x' * 100}'... (5000 characters) is no number"),
        ("no_of_units", "-1", "-1 is less than 0; returns are not part of the contract"),
        ("amount", '"2 500"', "'2 500' holds U+0020 SPACE; it looks like a number with thousands separators: "
         "send 2500"),
        ("amount", '"2.500,00"', "'2.500,00' holds ','; it looks like a number with thousands separators and a "
         "decimal comma: send 2500.00"),
        ("amount", '"2,500"', "'2,500' holds ','; it looks like a number with a comma, for thousands or for "
         "decimals: send 2500 or 2.500, whichever is meant"),
        ("amount", '"1\u2019234.50"', "'1\\u2019234.50' holds U+2019 RIGHT SINGLE QUOTATION MARK; it looks like a "
         "number with thousands separators: send 1234.50"),
        ("amount", '"1\u00a0234,50"', "'1\\xa0234,50' holds U+00A0 NO-BREAK SPACE; it looks like a number with "
         "thousands separators and a decimal comma: send 1234.50"),
        ("amount", '"1,00,000.00"', "'1,00,000.00' holds ','; it looks like a number with thousands separators: send "
         "100000.00"),
        ("amount", '"12,50 \u20ac"', "'12,50 \\u20ac' holds ','; it looks like a number with the currency sign U+20AC "
         "EURO SIGN and a decimal comma: send 12.50"),
        ("amount", '"EUR 12.50"', "'EUR 12.50' holds 'E'; it looks like a number with the currency EUR: send "
         "12.50"),
        ("amount", '"12 pcs"', "'12 pcs' holds U+0020 SPACE; it looks like a number with 'pcs' beside it"),
        ("amount", '"50%"', "'50%' holds '%'; it looks like a number with a percent sign"),
        ("amount", '"1.5k"', "'1.5k' holds 'k'; it looks like a number with 'k' beside it"),
        ("amount", '"25.00 CR"', "'25.00 CR' holds U+0020 SPACE; it looks like a number with 'CR' beside it"),
        ("amount", '"kr 5"', "'kr 5' holds 'k'; it looks like a number with the currency kr: send 5"),
        ("amount", '"\\"12.50\\""', "'\"12.50\"' holds '\"'; it looks like a number with quotation marks around it: "
         "send 12.50"),
        ("amount", '"(25.00)"', "'(25.00)' holds '('; it looks like a number with brackets for a minus sign; refunds "
         "are not part of the contract"),
        ("amount", '"25.00-"', "'25.00-' is no number; it looks like a number with a minus sign behind it; refunds "
         "are not part of the contract"),
        ("amount", '"1.2.3"', "'1.2.3' is no number"),
        ("amount", '"01.50"', "'01.50' has a leading zero"),
        ("amount", '".5"', "'.5' has no digit before the decimal point; it looks like a number with a digit on one "
         "side of its point only: send 0.5"),
        ("amount", '"5."', "'5.' has no digit after the decimal point; it looks like a number with a digit on one "
         "side of its point only: send 5"),
        ("amount", '"-0"', "'-0' has a sign in front, which no number needs"),
        ("amount", '"NaN"', "'NaN' is no number; the producer had no number to send"),
        ("amount", '"1e99999999999999999999"', "1e99999999999999999999 has an exponent that no decimal number holds"),
        ("amount", "1e99999999999999999999", "the number has an exponent that no decimal number holds"),
        ("amount", "1e-999999999", "1E-999999999 has more than 6 decimals"),
        ("amount", '{"value": 5, "currency": "EUR"}', "an object with the keys 'value', 'currency' is neither a number "
         "nor its text"),
        ("rating", "false", "false is neither a number nor its text"),
        ("rating", "4.3999999999999995", "4.3999999999999995 has 16 decimals, 2 are allowed: '99999999999995' is too "
         "much; a computer's binary fractions make it of 4.4: send 4.4"),
        ("name_of_product", '""', "the text is empty"),
        ("name_of_product", "12", "the number 12 is not text"),
        ("name_of_product", '{"en": "Chair"}', "an object with the key 'en' is not text"),
        ("name_of_product", f'"{"e" * 257}"', f"'{'e' * 100}'... (257 characters) is longer than 256 characters"),
        ("category", "null", "null is not text"),
        ("category", f'"{"é" * 129}"', "'" + "\\xe9" * 25 + "'... (129 characters) is longer than 128 characters"),
        ("event_id", '""', "the text is empty"),
        ("event_id", "1.5", "the number 1.5 is neither text nor an integer"),
        ("event_id", "-1", "-1 is less than 0"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(field: str, written: str, said: str) -> None:
    assert detail_of(field, written) == f"{field}: {said}; allowed is {ALLOWED[field]}"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('"2026-06-01"', "it is a date without a time and an offset"),
        ('"2026-06-01 02:00:00+02:00"', "a T belongs between date and time: send 2026-06-01T02:00:00+02:00"),
        ('"2026-06-01T02:00:00+0200"', "an offset is written with a colon, such as +02:00: send "
         "2026-06-01T02:00:00+02:00"),
        ('"2026-06-01T02:00:00 UTC"', "no space belongs before the offset and UTC is written as Z, not 'UTC': send "
         "2026-06-01T02:00:00Z"),
        ('"2026-06-01T02:00:00 Europe/Berlin"', "no space belongs before the offset and 'Europe/Berlin' is no offset, "
         "such as +02:00 or Z: send 2026-06-01T02:00:00 and its offset"),
        ('"2026-06-01T02:00:00+02:00[Europe/Berlin]"', "the offset ends the time: leave out '[Europe/Berlin]': send "
         "2026-06-01T02:00:00+02:00"),
        ('"2026-06-01T02:00:00Z "', "white space stands around it: send 2026-06-01T02:00:00Z"),
        ('"2026-06-01T02:00:00+25:00"', "'+25:00' is no offset, such as +02:00 or Z: send 2026-06-01T02:00:00 and its "
         "offset"),
        ('"1. Juni 2026"', "a month is two digits, and the year comes first: 2026-06-01T12:30:00+02:00"),
        ('"2026-06-01T02:00Z"', "the seconds are missing: send 2026-06-01T02:00:00Z"),
        ('"2026-06-01T02:00:00,5Z"', "a point belongs before the fraction: send 2026-06-01T02:00:00.5Z"),
        ('"2026-02-30T00:00:00Z"', "2026-02-30 is no day of the calendar"),
        ('"2026-06-01T24:00:00Z"', "hours go from 00 to 23, minutes and seconds from 00 to 59"),
        ('"2026/06/01 12:30:00Z"', "write the date with hyphens and a T belongs between date and time: send "
         "2026-06-01T12:30:00Z"),
        ('"20260601T123000Z"', "hyphens and colons are missing: send 2026-06-01T12:30:00Z"),
        ('"01.06.2026 12:30"', "the date looks like day, month, year; the year comes first, then the month: "
         "2026-06-01T12:30:00+02:00"),
        ('"6/1/2026"', "the date looks like month, day, year, or day, month, year; the year comes first, then the "
         "month: 2026-06-01T12:30:00+02:00"),
        ('"Mon, 01 Jun 2026 02:00:00 +0200"', "this is the form of e-mail and HTTP (RFC 2822): send "
         "2026-06-01T00:00:00Z"),
        ('"Mon Jun 01 2026 02:00:00 GMT+0200 (CEST)"', "this is JavaScript's text of a Date: use toISOString(), or "
         "send 2026-06-01T02:00:00+02:00"),
        ('"Mon Jun  1 00:00:00 2026"', "this is the form of C's ctime, which has no offset"),
        ('"/Date(1780272000000)/"', "this is .NET's form, and as milliseconds since 1970 it is 2026-06-01T00:00:00Z: "
         "send that"),
        ('"1780272000"', "as seconds since 1970 it is 2026-06-01T00:00:00Z: send that"),
        ("1780272000000", "as milliseconds since 1970 it is 2026-06-01T00:00:00Z: send that"),
        ("1780272000000000", "as microseconds since 1970 it is 2026-06-01T00:00:00Z: send that"),
        ("1780272000000000000", "as nanoseconds since 1970 it is 2026-06-01T00:00:00Z: send that"),
        ("1780272000.25", "as seconds since 1970 it is 2026-06-01T00:00:00.250Z: send that"),
        ("[2026, 6, 1, 2, 0]", "Java's Jackson writes a date so, unless WRITE_DATES_AS_TIMESTAMPS is off"),
        ('{"date": "2026-06-01 00:00:00.0", "timezone_type": 3, "timezone": "UTC"}',
         "PHP's json_encode writes a DateTime so: send $time->format(DATE_RFC3339_EXTENDED)"),
        ('""', "the text is empty: leave the field out, and the time of Kafka's record counts"),
    ],
)  # fmt: skip
def test_what_a_wrong_time_probably_is_is_named(written: str, said: str) -> None:
    words = detail_of("occurred_at", written)
    assert " is not a date and time with an offset as in RFC 3339, such as 2026-11-30T09:58:48.954Z; " in words
    assert words.endswith(f"; {said}")


@pytest.mark.parametrize(
    "written", ["5", "true", '"now"', '" now "', "1e400", "-1780272000", f'"{"x" * 5000}"', '"2026-W23-1"']
)
def test_nothing_is_guessed_of_what_is_no_time(written: str) -> None:
    assert detail_of("occurred_at", written).endswith("as in RFC 3339, such as 2026-11-30T09:58:48.954Z")
