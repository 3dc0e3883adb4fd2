"""A time is advised only where it is certainly the moment that is meant."""

import json

import pytest

from tests.unit.consumer.events.details.values.test_wrong_values import detail_of

NO_T = "a T belongs between date and time"
NO_SPACE = "no space belongs before the offset"
HALF = "hours go from 00 to 23, without AM or PM"
FIRST = "the year comes first, then the month: 2026-06-01T12:30:00+02:00"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-05-31 02:00:00 PM", f"{NO_T}, {HALF} and an offset is missing: send 2026-05-31T14:00:00Z if it is UTC, "
         "else its offset"),
        ("2026-05-31T12:30:00AM", f"{HALF} and an offset is missing: send 2026-05-31T00:30:00Z if it is UTC, else its "
         "offset"),
        ("2026-05-31T12:30:00 p.m. +02:00", f"{HALF} and {NO_SPACE}: send 2026-05-31T12:30:00+02:00"),
        ("2026-05-31 14:00:00 PM", f"{NO_T}, AM or PM follows an hour that is none of 1 to 12 and an offset is "
         "missing"),
        ("20260531T020000PM", f"hyphens and colons are missing and {HALF}: send 2026-05-31T14:00:00Z if it is UTC, "
         "else its offset"),
        ("2026-05-31 10:00:00 +0200 CEST", f"{NO_T}, {NO_SPACE} and Go's String() writes '+0200 CEST': use "
         "Format(time.RFC3339Nano): send 2026-05-31T10:00:00+02:00"),
        ("2026-05-31 10:00:00.5 +0000 UTC m=+0.000012", f"{NO_T}, {NO_SPACE} and Go's String() writes "
         "'+0000 UTC m=+0.000012': use Format(time.RFC3339Nano): send 2026-05-31T10:00:00.5+00:00"),
        ("2026-05-31T10:00:00+02:00 Europe/Berlin", "the offset ends the time: leave out 'Europe/Berlin': send "
         "2026-05-31T10:00:00+02:00"),
        ("2026-05-31T10:00:00+0200 (CEST)", "the offset ends the time: leave out '(CEST)': send "
         "2026-05-31T10:00:00+02:00"),
        ("05-31-2026 10:00:00", f"the date looks like month, day, year; {FIRST}"),
        ("31-05-2026 10:00:00", f"the date looks like day, month, year; {FIRST}"),
        ("05-06-2026", f"the date looks like month, day, year, or day, month, year; {FIRST}"),
        ("05/31/2026, 2:00:00 PM", f"the date looks like month, day, year; {FIRST}"),
        ("26-05-31 10:00", f"the date looks like day, month, year, or year, month, day; {FIRST}"),
        ("31.05.26", f"the date looks like day, month, year; {FIRST}"),
        ("99/99/2026", f"the date looks like day, month and year; {FIRST}"),
    ],
)  # fmt: skip
def test_no_other_moment_is_advised(text: str, said: str) -> None:
    assert detail_of("occurred_at", json.dumps(text)).endswith(f", such as 2026-11-30T09:58:48.954Z; {said}")
