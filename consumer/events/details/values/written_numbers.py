"""A text that is no number as JSON writes it -> the number that was probably meant, and what makes it no number. Pure.

"2,500.00" is 2500.00 with thousands separators, "1.234,50 EUR" is 1234.50 with a currency and a decimal comma. "2,500"
may be either, so both are named. Only short texts are looked at.
"""

import re
import unicodedata
from typing import Final, NamedTuple

from consumer.events.details.quoting import character, listed
from consumer.events.details.values.currencies import is_currency, is_currency_sign, is_part_of_a_currency

_LONGEST: Final = 60
"""A longer text is hardly a number. At half, amounts in words and currencies are left out."""
_PLAIN: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_BEFORE: Final = re.compile(r"[A-Za-z]{1,3}\.?\$?(?:\s+(?=[-+(.0-9])|(?=[+(.0-9]))", re.ASCII)
_BEHIND: Final = re.compile(r"(?<=[0-9.)-])\s*([A-Za-z]{1,12})\.?$", re.ASCII)
_GROUPS: Final = (
    (re.compile(r"[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}\.[0-9]+|[0-9]{1,3}(?:,[0-9]{2,3})+,[0-9]{3}"), "."),
    (re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]{1,3}(?:\.[0-9]{3}){2,}"), ","),
    (re.compile(r"[0-9]{1,3}(?:['_ ][0-9]{3})+(?:\.[0-9]+)?"), "."),
    (re.compile(r"[0-9]{1,3}(?:['_ ][0-9]{3})+,[0-9]+"), ","),
)
"""Numbers with thousands separators: the form, and the decimal sign. India groups by two digits."""
_HALF: Final = re.compile(r"\.[0-9]+|[0-9]+\.", re.ASCII)
_ONE_COMMA: Final = re.compile(r"([0-9]+),([0-9]+)", re.ASCII)
_MINUSES: Final = "\u2212\u2013\u2014\ufe63\uff0d"
_APOSTROPHES: Final = "\u2019\u02bc\u2018`"
_MAY_CHANGE_IT: Final = (" beside it", "a percent sign", "a sign of cents")
"""What may change a number's value, such as the k of 1.5k or the CR of a credit: then no number is advised."""
_NO_VALUE: Final = frozenset(("null", "none", "nil", "n/a", "na", "-", "undefined", "nan", "inf", "infinity", "-inf",
                              "-infinity", "true", "false", "#n/a", "#value!"))  # fmt: skip


class Meant(NamedTuple):
    """What a text probably means."""

    parts: tuple[str, ...]
    """What makes it no number: "a currency sign", "thousands separators"."""
    numbers: tuple[str, ...]
    """The number that is meant, or two where nobody can tell; none where it is negative or no number."""
    is_negative: bool = False

    @property
    def sentence(self) -> str:
        """Such as "it looks like a number with a decimal comma: send 1.50"."""
        what = f"it looks like a number with {listed(self.parts)}"
        if self.is_negative or not self.numbers:
            return what
        return f"{what}: send {' or '.join(self.numbers)}{', whichever is meant' if self.numbers[1:] else ''}"


def meant(text: str) -> Meant | None:
    """What a text probably means that is no number as JSON writes it; None where nothing is likely."""
    guess = _read(text)
    return guess if guess and guess.parts else None


def is_below_zero(text: str) -> bool:
    """Whether a text means a number less than 0, in whatever way it is written."""
    guess = _read(text)
    return guess is not None and guess.is_negative and any("1" <= one <= "9" for one in _digits(text, []))


def _read(text: str) -> Meant | None:
    if len(text) > _LONGEST:
        return None
    parts: list[str] = []
    text = _spaces(_digits(text, parts), parts)
    if len(text) > 2 and text[0] == text[-1] and text[0] in "'\"":
        parts.append("quotation marks around it")
        text = text[1:-1].strip()
    text, is_negative = _minus(text, parts)
    text = _without_currency(text, parts)
    text, inner_minus = _minus(text, parts)
    if text[:1] == "+":
        parts.append("a plus sign")
        text = text[1:].strip()
    numbers = _numbers(text, parts)
    if not numbers:
        return None
    is_certain = not any(part.endswith(_MAY_CHANGE_IT) for part in parts)
    return Meant(tuple(parts), numbers if is_certain else (), is_negative or inner_minus)


def says_no_value(text: str) -> bool:
    """Whether a text is a program's word for no number: "NaN", "null"."""
    return text.strip().lower() in _NO_VALUE


def _digits(text: str, parts: list[str]) -> str:
    if any(one.isdecimal() and not one.isascii() for one in text):
        parts.append("other digits than 0 to 9")
    return "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in text)


def _spaces(text: str, parts: list[str]) -> str:
    """The text with plain spaces and apostrophes for the other ones, and none at its ends."""
    text = "".join(" " if one.isspace() else "'" if one in _APOSTROPHES else one for one in text)
    if text != text.strip():
        parts.append("white space around it")
    return text.strip()


def _minus(text: str, parts: list[str]) -> tuple[str, bool]:
    for sign in _MINUSES:
        if sign in text:
            parts.append("another minus sign")
            text = text.replace(sign, "-")
    if text[:1] == "(" and text[-1:] == ")":
        parts.append("brackets for a minus sign")
        return text[1:-1].strip(), True
    if text[-1:] == "-" and text[:1] != "-" and text[:-1].strip():
        parts.append("a minus sign behind it")
        return text[:-1].strip(), True
    if text[:1] == "-":
        if text[1:2] == " ":
            parts.append("white space behind its minus sign")
        return text[1:].strip(), True
    return text, False


def _without_currency(text: str, parts: list[str]) -> str:
    if "%" in (text[:1], text[-1:]):
        parts.append("a percent sign")
        text = text.strip("% ")
    text = _without_signs(text, parts)
    if match := _BEFORE.match(text):
        parts.append(_letters(match[0]))
        text = text[match.end() :]
    if match := _BEHIND.search(text):
        parts.append(_letters(match[1]))
        text = text[: match.start()].strip()
    return text


def _without_signs(text: str, parts: list[str]) -> str:
    """The text without currency signs at its ends. One between digits, as in 5\u20ac50, is a decimal sign to some."""
    signs = set()
    for end in (0, -1):
        if text and is_currency_sign(text[end]):
            signs.add(text[end])
            text = text.strip(text[end]).strip()
    if any(map(is_part_of_a_currency, signs)):
        parts.append("a sign of cents")
    elif signs:
        parts.append(f"the currency sign {listed(sorted(map(character, signs)))}")
    return text


def _letters(letters: str) -> str:
    letters = letters.strip()
    return f"the currency {letters}" if is_currency(letters) else f"'{letters}' beside it"


def _numbers(text: str, parts: list[str]) -> tuple[str, ...]:
    if _PLAIN.fullmatch(text):
        return (_without_zeros(text),)
    for form, point in _GROUPS:
        if form.fullmatch(text):
            whole, _, fraction = text.partition(point)
            parts.append("thousands separators")
            if point == "," and fraction:
                parts.append("a decimal comma")
            digits = "".join(filter(str.isdigit, whole))
            return (_without_zeros(f"{digits}.{fraction}" if fraction else digits),)
    if _HALF.fullmatch(text):
        parts.append("a digit on one side of its point only")
        return (_without_zeros(f"0{text}" if text[0] == "." else text[:-1]),)
    if match := _ONE_COMMA.fullmatch(text):
        whole, fraction = _without_zeros(match[1]), match[2]
        if len(fraction) == 3 and len(match[1]) <= 3 and match[1] != "0":
            parts.append("a comma, for thousands or for decimals")
            return f"{whole}{fraction}", f"{whole}.{fraction}"
        parts.append("a decimal comma")
        return (f"{whole}.{fraction}",)
    return ()


def _without_zeros(number: str) -> str:
    """A number without zeros in front that JSON does not allow: "05.50" is 5.50."""
    stripped = number.lstrip("0")
    return stripped if stripped[:1].isdigit() else f"0{stripped}"
