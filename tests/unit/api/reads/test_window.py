"""The spans of a window: together they are the last hour, and no two of them overlap."""

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from api.reads.window import Window

DAY = 86_400_000


def spans(window: Window) -> list[tuple[int, int]]:
    """The window's spans in seconds since 1970, each with its first second and the first after it."""
    parts = [(minute * 60, 60) for minute in window.minutes]
    parts += [(block * 600, 600) for block in window.blocks]
    parts += [(hour * 3600, 3600) for hour in window.hours]
    if window.starts_within_minute:
        parts.insert(0, (window.cut, 60 - window.cut % 60))
    return [(start, start + length) for start, length in parts]


@given(st.integers(1_000 * DAY, 40_000 * DAY))
@example(20_000 * DAY)
@example(20_000 * DAY - 1)
@example(20_000 * DAY + 60_000)
@example(20_000 * DAY + 600_000)
def test_the_spans_are_the_last_hour(now_ms: int) -> None:
    window = Window.at(now_ms)
    parts = spans(window)
    assert parts[0][0] == window.cut == now_ms // 1000 - 3600
    assert all(before[1] == after[0] for before, after in pairwise(parts))
    # The consumer accepts events that are up to five minutes ahead.
    assert parts[-1][1] > now_ms // 1000 + 300


@given(st.integers(1_000 * DAY, 40_000 * DAY))
def test_few_fields_of_one_document_are_touched(now_ms: int) -> None:
    window = Window.at(now_ms)
    assert len(window.minutes) + len(window.blocks) <= 14
    assert {minute // 60 for minute in window.minutes} | {block // 6 for block in window.blocks} <= {window.cut_hour}
    assert window.cut_minute // 60 == window.cut_hour
    assert window.hours.stop - window.cut_hour == 3
