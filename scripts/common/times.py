"""Shows times, also those that are no dates: then the raw number with its unit.

A producer may give a Kafka record any time: microseconds instead of milliseconds, -1 for none, a number before the
year 1. MongoDB takes dates beyond the year 9999 as well. No command ends because of such a time.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from bson.datetime_ms import DatetimeMS

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NO_TIMESTAMP: Final = -1
"""What Kafka's client gives for a record without a timestamp."""


def as_date(moment: object) -> datetime | None:
    """The moment in UTC, if there is such a date. A whole number counts milliseconds since 1970."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    if isinstance(moment, bool) or not isinstance(moment, int | DatetimeMS):
        return None
    try:
        return _EPOCH + timedelta(milliseconds=int(moment))
    except OverflowError:
        return None


def clamped(moment: object) -> datetime:
    """The moment, or the calendar's first or last moment for one before or after it: to compare, and never to show.

    Raises TypeError for what is no moment.
    """
    date = as_date(moment)
    if date is not None:
        return date
    if isinstance(moment, int | DatetimeMS):
        return (datetime.max if int(moment) > 0 else datetime.min).replace(tzinfo=UTC)
    raise TypeError(f"{moment!r} is no time")


def shown(moment: object) -> str:
    """The moment for a person: `2026-11-30 09:58:48`, in UTC; or, where it is no date, `253402300800000 ms`."""
    date = as_date(moment)
    return raw(moment) if date is None else date.replace(tzinfo=None).isoformat(" ", "seconds")


def record_time(moment: object) -> str:
    """A Kafka record's time for a person, with the raw number: `2026-11-30 09:58:48 UTC (1796032728954 ms)`."""
    if moment == _NO_TIMESTAMP:
        return f"{raw(moment)}: the record has no timestamp"
    return raw(moment) if as_date(moment) is None else f"{shown(moment)} UTC ({raw(moment)})"


def rfc3339(moment: object) -> str | None:
    """The moment for a program: `2026-11-30T09:58:48.954Z`, without a fraction of zero; or, where it is no date, the
    text `253402300800000 ms`. None where there is none."""
    if moment is None:
        return None
    date = as_date(moment)
    if date is None:
        return raw(moment)
    precision = "milliseconds" if date.microsecond else "seconds"
    return date.replace(tzinfo=None).isoformat("T", precision) + "Z"


def raw(moment: object) -> str:
    """The number of milliseconds since 1970, with the unit; the text of anything that is no time."""
    return f"{int(moment)} ms" if isinstance(moment, int | DatetimeMS) else str(moment)
