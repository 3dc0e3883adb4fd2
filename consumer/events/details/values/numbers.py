"""Why a value is no integer, no amount or no rating, in sentences; a number and its text get the same ones. Pure."""

import re
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import partial
from typing import Final

from consumer.events.details.quoting import character, found, number, quoted
from consumer.events.details.values.written_numbers import Meant, is_below_zero, meant, says_no_value
from shared.events import exact_decimal

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_UNLIKE_A_NUMBER: Final = (
    (re.compile(r"[+-]"), "has a sign in front, which no number needs"),
    (re.compile(r"0[0-9]"), "has a leading zero"),
    (re.compile(r"0[xXoObB]"), "is no decimal number"),
    (re.compile(r"\."), "has no digit before the decimal point"),
    (re.compile(r"[0-9]+\.(?![0-9])"), "has no digit after the decimal point"),
)
_NO_DIGIT: Final = re.compile(r"[^0-9]")
_NO_PART_OF_A_NUMBER: Final = re.compile(r"[^0-9.eE+-]|[eE](?![0-9+-])")
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)
_THOUSANDS: Final = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})", re.ASCII)
_MOST_DECIMALS_SHOWN: Final = 60
"""A number with more decimals is not written out: `1e-999999999` would take a gigabyte."""
_ARTEFACT_DIGITS: Final = 15
"""A double holds 15 decimal digits exactly. A number that has more of them, and is near one with few, was computed."""
_EXACT: Final = Context(prec=100)
_CHANGES_NO_CODE: Final = frozenset(
    ("white space around it", "other digits than 0 to 9", "quotation marks around it", "thousands separators",
     "a comma, for thousands or for decimals", "a plus sign")
)  # fmt: skip
"""What may be left out of an integer's text. Anything else is part of a code, or of a unit, and changes the number."""


def why_no_integer(most: int, of_letters: str, value: object) -> Iterator[str]:
    """Sentences on a value that is no integer from 0 to `most`: the problem first, then what was probably meant.

    `of_letters` is what is said of a text with letters and digits.
    """
    if type(value) is str:
        written = _NUMBER.fullmatch(value)
        if written is None or value == "-0":
            yield from _unlike_a_number(value, _NO_DIGIT, partial(_integer_meant, most, of_letters))
            return
        is_whole = written[1] is written[2] is None
    elif type(value) is int or type(value) is Decimal:
        is_whole = type(value) is int
    else:
        yield f"{found(value)} is neither an integer nor its digits as text"
        return
    if not is_whole:
        yield f"{number(value)} has a decimal point or an exponent, which no integer has"
        yield from _as_integer(value, most)
    elif str(value)[0] == "-":
        yield f"{number(value)} is less than 0"
    else:
        yield f"{number(value)} is more than {most}"
        if exact_decimal(str(value)) < 1 << 64 and most == (1 << 63) - 1:
            yield "it fits into an unsigned integer of 64 bits only"


def why_no_decimal(decimals: int, limit: int, is_included: bool, value: object) -> Iterator[str]:
    """Sentences on a value that is no decimal from 0 to `limit`, which is allowed itself if it `is_included`."""
    if type(value) is str:
        exact = exact_decimal(value) if _NUMBER.fullmatch(value) else None
        if exact is None or (value[0] == "-" and not exact):
            is_allowed = partial(_is_allowed, decimals, limit, is_included)
            yield from _unlike_a_number(value, _NO_PART_OF_A_NUMBER, partial(_decimal_meant, is_allowed))
            return
    elif type(value) is int or type(value) is Decimal:
        exact = Decimal(value)
    else:
        yield f"{found(value)} is neither a number nor its text"
        return
    if not exact.is_finite():
        yield f"{number(value)} has an exponent that no decimal number holds"
    elif exact < 0:
        yield f"{number(value)} is less than 0"
    elif exact > limit and is_included:
        yield f"{number(value)} is more than {limit}"
    elif exact >= limit and not is_included:
        yield f"{number(value)} is not less than {limit}"
    else:
        yield from _too_many_decimals(decimals, exact, value, partial(_is_allowed, decimals, limit, is_included))


def _is_allowed(decimals: int, limit: int, is_included: bool, exact: Decimal) -> bool:
    """Whether a number may be advised: what the contract rejects in turn may not."""
    return (exact < limit or (is_included and exact == limit)) and exact == exact.quantize(
        Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN, _EXACT
    )


def is_negative(value: object) -> bool:
    """Whether a number or a text says that it is less than 0, in whatever way."""
    if type(value) is str:
        return is_below_zero(value) or bool(_NUMBER.fullmatch(value) and exact_decimal(value) < 0)
    return (type(value) is int or type(value) is Decimal) and value < 0


def _unlike_a_number(text: str, odd: re.Pattern[str], explain: Callable[[str, Meant | None], str]) -> Iterator[str]:
    """Why a text is no number as JSON writes it, or has a sign. `odd` finds a character that does not belong there.

    `explain` makes a sentence of the text and of what it seems to mean.
    """
    if not text.strip():
        yield "the text is empty" if not text else f"{quoted(text)} is white space"
        return
    yield f"{quoted(text)} {_problem(text, odd)}"
    if says_no_value(text):
        yield "the producer had no number to send"
    elif _UUID.fullmatch(text):
        yield "it is a UUID"
    elif sentence := explain(text, meant(text)):
        yield sentence


def _integer_meant(most: int, of_letters: str, text: str, guess: Meant | None) -> str:
    if guess and _CHANGES_NO_CODE.issuperset(guess.parts):
        return guess._replace(numbers=tuple(n for n in guess.numbers if n.isdigit() and int(n) <= most)).sentence
    has_digits = any(map(str.isdecimal, text))
    return of_letters if has_digits and any(map(str.isalpha, text)) and text[:2] not in ("0x", "0X") else ""


def _decimal_meant(is_allowed: Callable[[Decimal], bool], text: str, guess: Meant | None) -> str:
    del text  # whatever stands beside an amount, `guess` says
    if guess is None:
        return ""
    return guess._replace(numbers=tuple(n for n in guess.numbers if is_allowed(exact_decimal(n)))).sentence


def _problem(text: str, odd: re.Pattern[str]) -> str:
    if text[0] == "-" and is_below_zero(text):
        return "is negative"
    for unlike, problem in _UNLIKE_A_NUMBER:
        if unlike.match(text):
            return problem
    where = odd.search(text) if any(map(str.isdecimal, text)) else None
    return f"holds {character(where[0])}" if where else "is no number"


def _as_integer(value: object, most: int) -> Iterator[str]:
    """The integer that is meant, where a number with a point or an exponent is one."""
    exact = exact_decimal(str(value))
    if not exact.is_finite() or exact.adjusted() > _ARTEFACT_DIGITS or (exact.adjusted() < 0 and exact):
        return
    if exact == exact.to_integral_value() and 0 <= exact <= most:
        thousands = f", or {str(value).replace('.', '')} if the point separates thousands"
        yield f"send {int(exact)}{thousands if _THOUSANDS.fullmatch(str(value)) and int(exact) else ''}"


def _too_many_decimals(
    decimals: int, exact: Decimal, value: object, is_allowed: Callable[[Decimal], bool]
) -> Iterator[str]:
    _, digits, exponent = exact.as_tuple()
    if not isinstance(exponent, int) or -exponent > _MOST_DECIMALS_SHOWN:
        yield f"{number(value)} has more than {decimals} decimals"
        return
    written = f"{exact:f}".rstrip("0")
    fraction = written.partition(".")[2]
    extra = fraction[decimals:]
    yield f"{number(value)} has {len(fraction)} decimals, {decimals} are allowed: '{extra}' is too much"
    rounded = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN, _EXACT)
    if not is_allowed(rounded):
        return
    short = f"{rounded.normalize(_EXACT):f}"
    if len(digits) >= _ARTEFACT_DIGITS and abs(rounded - exact) < Decimal(1).scaleb(-12):
        yield f"a computer's binary fractions make it of {short}: send {short}"
    else:
        yield f"rounded, it is {short}"
