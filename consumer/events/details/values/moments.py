"""Why a value is no date and time with an offset as RFC 3339 has it, and how the same moment is written so. Pure.

Producers send seconds or milliseconds since 1970, dates without times, times without offsets, and what their language
prints of a date. Only short texts are looked at.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final

from consumer.events.details.quoting import found, quoted
from consumer.events.details.values.iso_times import of_compact_text, of_iso_text
from shared.events import exact_decimal, time_ms

EXAMPLE: Final = "2026-11-30T09:58:48.954Z"
_LONGEST: Final = 80
"""JavaScript's text of a date, with the name of its zone, has about 70 characters."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS: Final = (("seconds", 0), ("milliseconds", 3), ("microseconds", 6), ("nanoseconds", 9))
"""Units in which programs count time since 1970, with the power of ten that makes them of seconds."""
_FIRST_SECOND, _LAST_SECOND = 1_000_000_000, 4_102_444_800
"""2001 to 2100. Each unit's numbers of these years have a length of their own, so they tell the unit."""

_LOCAL: Final = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{2,4})\b.*", re.ASCII)
_MAIL: Final = re.compile(
    r"(?:[A-Z][a-z]{2}, )?[0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{5,8} \S+(?: \(.*\))?", re.ASCII
)
_JAVASCRIPT: Final = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([0-9]{2}) ([0-9]{4}) ([0-9:]{8}) GMT([+-][0-9]{2})([0-9]{2})(?: \(.*\))?", re.ASCII
)
_CTIME: Final = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} (?:\S+ )?[0-9]{4}", re.ASCII)
_MONTH: Final = re.compile(r"\b(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]*\b", re.IGNORECASE)
_DOT_NET: Final = re.compile(r"\\?/Date\((-?[0-9]{1,16})[-+0-9]*\)\\?/", re.ASCII)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def why_no_moment(value: object) -> Iterator[str]:
    """Sentences on a value that is no RFC 3339 date and time: the problem first, then what was probably meant."""
    shown = quoted(value) if type(value) is str else found(value)
    yield f"{shown} is not a date and time with an offset as in RFC 3339, such as {EXAMPLE}"
    if type(value) is str:
        text = value.strip()
        if len(value) <= _LONGEST and (cause := _of_text(text)):
            yield cause
        elif text != value and _is_moment(text):
            yield f"white space stands around it: send {text}"
    elif type(value) is int or type(value) is Decimal:
        if counted := in_unit(Decimal(value)):
            yield f"{counted}: send that"
    elif isinstance(value, dict):
        yield from _of_object(value)
    elif isinstance(value, list) and value and all(type(part) is int for part in value):
        yield "Java's Jackson writes a date so, unless WRITE_DATES_AS_TIMESTAMPS is off"


def _is_moment(text: str) -> bool:
    try:
        time_ms(text)
    except ValueError:
        return False
    return True


def in_unit(number: Decimal) -> str:
    """A number as a time since 1970: "as seconds since 1970 it is 2026-06-01T00:00:00Z"; empty where it is none."""
    for unit, power in _UNITS:
        if number.is_finite() and number.adjusted() < 20 and _FIRST_SECOND <= number.scaleb(-power) < _LAST_SECOND:
            moment = _EPOCH + timedelta(milliseconds=int(number.scaleb(3 - power)))
            return f"as {unit} since 1970 it is {_written(moment)}"
    return ""


def _of_text(text: str) -> str:
    if not text:
        return "the text is empty: leave the field out, and the time of Kafka's record counts"
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", text, re.ASCII):
        counted = in_unit(exact_decimal(text))
        if counted:
            return f"{counted}: send that"
    for form in (of_iso_text, of_compact_text, _dot_net, _javascript, _mail, _local):
        if cause := form(text):
            return cause
    if _CTIME.fullmatch(text):
        return "this is the form of C's ctime, which has no offset"
    return "a month is two digits, and the year comes first: 2026-06-01T12:30:00+02:00" if _MONTH.search(text) else ""


def _dot_net(text: str) -> str:
    match = _DOT_NET.fullmatch(text)
    counted = in_unit(Decimal(match[1])) if match else ""
    return f"this is .NET's form, and {counted}: send that" if counted else ""


def _javascript(text: str) -> str:
    match = _JAVASCRIPT.fullmatch(text)
    if match is None or match[1] not in _MONTHS:
        return ""
    month, day, year, time, hours, minutes = match.groups()
    written = f"{year}-{_MONTHS.index(month) + 1:02}-{day}T{time}{hours}:{minutes}"
    return f"this is JavaScript's text of a Date: use toISOString(), or send {written}"


def _mail(text: str) -> str:
    if not _MAIL.fullmatch(text):
        return ""
    try:
        moment = parsedate_to_datetime(text)
        sent = f": send {_written(moment.astimezone(UTC))}" if moment.tzinfo else ""
    except (ValueError, TypeError, IndexError, OverflowError):
        sent = ""
    return f"this is the form of e-mail and HTTP (RFC 2822){sent}"


def _local(text: str) -> str:
    match = _LOCAL.fullmatch(text)
    if match is None:
        return ""
    first, second, last = int(match[1]), int(match[3]), match[4]
    orders = [
        ("month, day, year", first <= 12 and second <= 31 and match[2] != "."),
        ("day, month, year", first <= 31 and second <= 12),
        ("year, month, day", first > 12 and second <= 12 and len(last) == 2 and int(last) <= 31 and match[2] != "."),
    ]
    order = ", or ".join(name for name, is_possible in orders if is_possible) or "day, month and year"
    return f"the date looks like {order}; the year comes first, then the month: 2026-06-01T12:30:00+02:00"


def _of_object(value: dict[str, Any]) -> Iterator[str]:
    if "timezone_type" in value and isinstance(value.get("date"), str):
        yield "PHP's json_encode writes a DateTime so: send $time->format(DATE_RFC3339_EXTENDED)"
    elif "$date" in value:
        yield "MongoDB's extended JSON writes a date so: send its text"
    elif "seconds" in value or "_seconds" in value:
        yield "Protobuf's Timestamp is written so where it is taken for an object: send its text"


def _written(moment: datetime) -> str:
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"
