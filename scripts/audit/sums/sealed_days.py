"""What each document of a sealed day must hold, given the raw events and the day's other documents. Pure.

The sums of a sealed day are those of its sealed document and of its hours' documents together, and the raw events do
not say which event is in which. So an hour's document is right if it can be: if it is the sum of its parts, and has no
more of any minute than the raw events have. The sealed document must then hold the rest, by quarter hours:

                                   09:15    09:20    09:31         q.37     q.38
    the raw events give               10        5        7           15        7
    an hour's document holds                    5                     5
    the sealed document must hold                                    10        7

Of an hour's document that cannot be right nothing is expected, and the sealed document must hold its sums as well.
"""

from collections.abc import Mapping

from scripts.audit.reading.packed_sums import is_within
from scripts.audit.sums import levels
from scripts.audit.sums.levels import NOT_A_SUM, Levels
from shared.documents import minute_path, quarter_path

ByHour = Mapping[int, Levels]
"""The levels of hours' documents, by hour since 1970."""


def sealed_levels(events: ByHour, right_hours: ByHour) -> Levels:
    """What the sealed document must hold, where the raw events give `events` and the hours' documents that can be right
    hold `right_hours`."""
    of_day: Levels = {}
    for sign, hours in ((1, events), (-1, right_hours)):
        for hour, of_hour in hours.items():
            for minute, packed in _minutes_of(of_hour).items():
                for path in ("", quarter_path(hour * 4 + minute // 15)):
                    of_day[path] = of_day.get(path, 0) + sign * packed
    return {path: packed for path, packed in of_day.items() if packed}


def hour_can_be_right(stored: Levels, events: Levels) -> bool:
    """Whether an hour's document is the sum of its parts, and holds no more of any minute than the raw events give."""
    minutes = _minutes_of(stored)
    if NOT_A_SUM in stored.values() or stored != levels.of_minutes(minutes.items()):
        return False
    return all(is_within(packed, events.get(minute_path(minute), 0)) for minute, packed in minutes.items())


def minutes_can_be_right(hour: Levels, stored: Mapping[int, Levels], events: Mapping[int, Levels]) -> bool:
    """Whether an hour's minutes in `totals`, each with the sums of its seconds, hold what the hour holds, and no more
    of any second than the raw events give. `stored` and `events` are by minute since 1970."""
    of_hour = _minutes_of(hour)
    if {minute % 60: sum(seconds.values()) for minute, seconds in stored.items()} != of_hour:
        return False
    return all(
        path.startswith("s.") and packed != NOT_A_SUM and is_within(packed, events.get(minute, {}).get(path, 0))
        for minute, seconds in stored.items()
        for path, packed in seconds.items()
    )


def _minutes_of(of_hour: Levels) -> dict[int, int]:
    """The packed sums of an hour's minutes, by minute of the hour."""
    minutes = {}
    for path, packed in of_hour.items():
        last = path.rpartition(".m.")[2]
        if last != path and last.isascii() and last.isdigit():
            minutes[int(last)] = packed
    return minutes
