"""A number is advised only where it is certainly the one that is meant, and one that the contract accepts."""

import json

import pytest

from tests.unit.consumer.events.details.values.test_wrong_values import ALLOWED, detail_of

REFUNDS = "refunds are not part of the contract"
LOOKS = "it looks like a number with"
CODE = "it is a code, not the product's number"
UNITS = "letters stand beside the number: send how many single units were sold"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("99\u00a2", f"holds U+00A2 CENT SIGN; {LOOKS} a sign of cents"),
        ("\uffe0 99", f"holds U+FFE0 FULLWIDTH CENT SIGN; {LOOKS} a sign of cents"),
        ("5\u20ac50", "holds U+20AC EURO SIGN"),
        ("5$50", "holds '$'"),
        ("1.5 MIO", f"holds U+0020 SPACE; {LOOKS} 'MIO' beside it"),
        ("2 MRD", f"holds U+0020 SPACE; {LOOKS} 'MRD' beside it"),
        ("3 TSD", f"holds U+0020 SPACE; {LOOKS} 'TSD' beside it"),
        ("500 CTS", f"holds U+0020 SPACE; {LOOKS} 'CTS' beside it"),
        ("10 PCT", f"holds U+0020 SPACE; {LOOKS} 'PCT' beside it"),
        ("NEG 25.00", f"holds 'N'; {LOOKS} 'NEG' beside it"),
        ("25.00 NEG", f"holds U+0020 SPACE; {LOOKS} 'NEG' beside it"),
        ("5R", f"holds 'R'; {LOOKS} 'R' beside it"),
        ("CR$ 5", f"holds 'C'; {LOOKS} 'CR$' beside it"),
        ("US$ 5", f"holds 'U'; {LOOKS} the currency US$: send 5"),
        ("5 XOF", f"holds U+0020 SPACE; {LOOKS} the currency XOF: send 5"),
        ("- 1.50", f"is negative; {LOOKS} white space behind its minus sign; {REFUNDS}"),
        ("-1,50", f"is negative; {LOOKS} a decimal comma; {REFUNDS}"),
        ("-$5", f"is negative; {LOOKS} the currency sign '$'; {REFUNDS}"),
        ("$-5", f"holds '$'; {LOOKS} the currency sign '$'; {REFUNDS}"),
        ("-01.50", f"is negative; {REFUNDS}"),
        ("-0,00", f"has a sign in front, which no number needs; {LOOKS} a decimal comma"),
        ("1.234.567.890.123.456.789,00", f"holds ','; {LOOKS} thousands separators and a decimal comma"),
        ("1,23456789", f"holds ','; {LOOKS} a decimal comma"),
    ],
)
def test_no_other_amount_is_advised(text: str, said: str) -> None:
    assert detail_of("amount", json.dumps(text)) == f"amount: {text!a} {said}; allowed is {ALLOWED['amount']}"


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("product_id", "ABC123", f"holds 'A'; {CODE}"),
        ("product_id", "SKU 7", f"holds 'S'; {CODE}"),
        ("product_id", "PID7", f"holds 'P'; {CODE}"),
        ("product_id", "EAN4006381333931", f"holds 'E'; {CODE}"),
        ("product_id", "EUR 7", f"holds 'E'; {CODE}"),
        ("product_id", "7 pcs", f"holds U+0020 SPACE; {CODE}"),
        ("product_id", "$7", "holds '$'"),
        ("product_id", "7%", "holds '%'"),
        ("product_id", "1,50", "holds ','"),
        ("product_id", " 1'000 ", f"holds U+0020 SPACE; {LOOKS} white space around it and thousands separators: send "
         "1000"),
        ("no_of_units", "3 DOZ", f"holds U+0020 SPACE; {UNITS}"),
        ("no_of_units", "3,000,000,000", f"holds ','; {LOOKS} thousands separators"),
        ("rating", "4,567", f"holds ','; {LOOKS} a comma, for thousands or for decimals"),
        ("rating", "4,500", f"holds ','; {LOOKS} a comma, for thousands or for decimals: send 4.500"),
        ("rating", "45,0", f"holds ','; {LOOKS} a decimal comma"),
    ],
)  # fmt: skip
def test_what_is_advised_is_accepted_in_the_field(field: str, text: str, said: str) -> None:
    assert detail_of(field, json.dumps(text)) == f"{field}: {text!a} {said}; allowed is {ALLOWED[field]}"


@pytest.mark.parametrize(
    ("field", "number", "said"),
    [
        ("amount", "999999999999999999.9999999", "has 7 decimals, 6 are allowed: '9' is too much"),
        ("amount", "999999999999999999.9999994", "has 7 decimals, 6 are allowed: '4' is too much; rounded, it is "
         "999999999999999999.999999"),
        ("no_of_units", "3E+9", "has a decimal point or an exponent, which no integer has"),
    ],
)  # fmt: skip
def test_a_rounded_number_is_within_the_limit(field: str, number: str, said: str) -> None:
    assert detail_of(field, number) == f"{field}: {number} {said}; allowed is {ALLOWED[field]}"
