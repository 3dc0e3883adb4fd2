"""Texts that are nearly a date and time as RFC 3339 has them -> what is wrong, and the text to send. Pure.

A time without an offset may be any of 26 hours: the text to send then says so.
"""

import re
from datetime import UTC, datetime
from typing import Final

from consumer.events.details.quoting import listed, quoted
from shared.events import time_ms

_ISO: Final = re.compile(
    r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})"
    r"(?:(\s*[Tt]\s*|\s+)([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:([.,])([0-9]+))?)?(\s*)(\S.*)?)?",
    re.ASCII,
)  # fmt: skip
_COMPACT: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:[Tt]([0-9]{2})([0-9]{2})([0-9]{2})(\S*))?", re.ASCII)
_OFFSET: Final = re.compile(r"([+-])([0-9]{1,2}):?([0-9]{2})?", re.ASCII)
_UTC_NAMES: Final = ("UTC", "GMT", "UT", "ETC/UTC", "+00:00[UTC]", "Z[UTC]")
_OFFSET_FIRST: Final = re.compile(r"([+-](?:[01][0-9]|2[0-3])):?([0-5][0-9])(?![0-9])(.+)", re.ASCII)
_GO: Final = re.compile(r"[+-][0-9]{4} (?:[A-Z]{2,5}|[+-][0-9]{2,4})(?: m=[+-][0-9.]+)?", re.ASCII)
"""An offset and its name, and perhaps a reading of the monotonic clock, as Go's `Time.String()` writes them."""
_HALF_OF_DAY: Final = re.compile(r"([AP])\.?M\b\.?\s*", re.ASCII | re.IGNORECASE)
_DATE_ALONE: Final = "it is a date without a time and an offset"
_UNCLEAR_HALF: Final = "AM or PM follows an hour that is none of 1 to 12"


def of_iso_text(text: str) -> str:
    """What is wrong with a text such as "2026-06-01 12:30:00", as a sentence; empty where the text is unlike it."""
    match = _ISO.fullmatch(text)
    if match is None:
        return ""
    year, sign, month, day, between, hour, minute, second, point, fraction, space, zone = match.groups()
    no_day = _no_day(year, month, day)
    if hour is None:
        return _DATE_ALONE + no_day
    hour, zone, about_half = _of_whole_day(hour, zone)
    offset, about_offset = _offset(zone)
    has_two_digits = len(month) == len(day) == len(hour) == 2
    is_time = int(hour) <= 23 and int(minute) <= 59 and int(second or 0) <= 59
    rules = (
        (sign == "-", "write the date with hyphens"),
        (between.upper() == "T", "a T belongs between date and time"),
        (has_two_digits, "months, days and hours have two digits"),
        (not about_half, about_half),
        (second is not None, "the seconds are missing"),
        (point != ",", "a point belongs before the fraction"),
        (is_time, "hours go from 00 to 23, minutes and seconds from 00 to 59"),
        (not (space and zone), "no space belongs before the offset"),
        (not about_offset, about_offset),
    )
    wrong = [rule for is_kept, rule in rules if not is_kept]
    time = f"{int(hour):02}:{minute}:{second or '00'}{f'.{fraction}' if fraction else ''}"
    written = f"{year}-{int(month):02}-{int(day):02}T{time}"
    sent = _to_send(written, offset, zone) if wrong and about_half != _UNCLEAR_HALF else ""
    return f"{listed(wrong)}{sent}{no_day}".removeprefix("; ")


def of_compact_text(text: str) -> str:
    """What is wrong with a text such as "20260601T123000Z", as a sentence; empty where the text is unlike it."""
    match = _COMPACT.fullmatch(text)
    if match is None:
        return ""
    year, month, day, hour, minute, second, zone = match.groups()
    if hour is None:
        return _DATE_ALONE
    hour, zone, about_half = _of_whole_day(hour, zone or None)
    offset, _ = _offset(zone)
    written = f"{year}-{month}-{day}T{hour}:{minute}:{second}"
    sent = _to_send(written, offset, zone) if about_half != _UNCLEAR_HALF else ""
    return f"{listed(['hyphens and colons are missing', *filter(None, [about_half])])}{sent}"


def _of_whole_day(hour: str, zone: str | None) -> tuple[str, str | None, str]:
    """The hour from 00 to 23, what follows the time without AM or PM, and what is to be said of these."""
    half = _HALF_OF_DAY.match(zone or "")
    if half is None:
        return hour, zone, ""
    rest = (zone or "")[half.end() :] or None
    if not 1 <= int(hour) <= 12:
        return hour, rest, _UNCLEAR_HALF
    return f"{int(hour) % 12 + 12 * (half[1] in 'Pp'):02}", rest, "hours go from 00 to 23, without AM or PM"


def _offset(zone: str | None) -> tuple[str, str]:
    """The offset that what follows a time means, empty where it means none, and what is wrong with it."""
    if zone is None:
        return "", "an offset is missing"
    if zone in ("Z", "z") or re.fullmatch(r"[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]", zone, re.ASCII):
        return zone.upper(), ""
    if zone.upper() in _UTC_NAMES:
        return "Z", f"UTC is written as Z, not {quoted(zone)}"
    if (match := _OFFSET.fullmatch(zone)) and (":" not in zone or len(match[2]) < 2):
        return f"{match[1]}{int(match[2]):02}:{match[3] or '00'}", "an offset is written with a colon, such as +02:00"
    if match := _OFFSET_FIRST.fullmatch(zone):
        about = f"the offset ends the time: leave out {quoted(match[3].strip())}"
        go = f"Go's String() writes {quoted(zone, 40)}: use Format(time.RFC3339Nano)"
        return f"{match[1]}:{match[2]}", go if _GO.fullmatch(zone) else about
    return "", f"{quoted(zone)} is no offset, such as +02:00 or Z"


def _to_send(written: str, offset: str, zone: str | None) -> str:
    """The text to send, for the end of a sentence; empty where it would be no time either."""
    try:
        time_ms(f"{written}{offset or 'Z'}")
    except ValueError:
        return ""
    if offset:
        return f": send {written}{offset}"
    return f": send {written}Z if it is UTC, else its offset" if zone is None else f": send {written} and its offset"


def _no_day(year: str, month: str, day: str) -> str:
    """Whether the calendar lacks a date, for the end of a sentence."""
    try:
        datetime(int(year), int(month), int(day), tzinfo=UTC)
    except ValueError:
        return f"; {year}-{int(month):02}-{int(day):02} is no day of the calendar"
    return ""
