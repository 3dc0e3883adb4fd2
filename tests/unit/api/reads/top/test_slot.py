"""Which board answers, by a clock that is set, and after a sleep."""

import pytest

from api.reads.spans.windows import Window
from api.reads.top.board import Board, ProductNumbers
from api.reads.top.measures import Measure
from api.reads.top.slot import NEVER, Slot, UpToDate

HOUR_MS = 3_600_000
NOW_MS = 1_796_032_800_000
SEEN = UpToDate(100.0, NOW_MS, None)


def test_a_board_is_up_to_date_for_a_second_and_a_half() -> None:
    assert SEEN.lasts(101.5, NOW_MS + 1_500)
    assert not SEEN.lasts(101.6, NOW_MS)
    assert not NEVER.lasts(0.0, 0)


@pytest.mark.parametrize("moved_ms", [HOUR_MS, -HOUR_MS, 1_501, -1_501])
def test_a_board_is_not_up_to_date_after_the_machine_slept(moved_ms: int) -> None:
    """The monotonic clock stands still meanwhile; the other one may also have been set back."""
    assert not SEEN.lasts(100.1, NOW_MS + moved_ms)


def board(slot: Slot, now_ms: int) -> Board:
    made = Board(slot.measure, slot.begin(now_ms) // 60, slot.moves, ProductNumbers())
    slot.boards[made] = SEEN
    return made


@pytest.mark.parametrize("window", [Window.HOUR, Window.DAY])
def test_a_board_that_is_ahead_of_a_clock_that_was_set_back_does_not_answer(window: Window) -> None:
    slot = Slot(Measure.AMOUNT, window)
    board(slot, NOW_MS)
    before = NOW_MS - HOUR_MS
    assert slot.answering(NOW_MS) is not None
    assert slot.answering(before) is None
    assert slot.wanted(before) == slot.begin(before) // 60


def test_the_board_of_the_next_hour_is_wanted_ten_minutes_early_and_answers_from_the_hour_on() -> None:
    slot = Slot(Measure.AMOUNT, Window.DAY)
    present = board(slot, NOW_MS)
    assert slot.wanted(NOW_MS + HOUR_MS - 600_001) is None
    assert slot.wanted(NOW_MS + HOUR_MS - 600_000) == slot.begin(NOW_MS + HOUR_MS) // 60
    following = board(slot, NOW_MS + HOUR_MS)
    assert slot.answering(NOW_MS + HOUR_MS - 1) is present
    assert slot.answering(NOW_MS + HOUR_MS) is following
    slot.drop_old(NOW_MS + HOUR_MS)
    assert list(slot.boards) == [following]
