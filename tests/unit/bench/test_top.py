"""What the report says of tops, given what was measured."""

from dataclasses import replace

import httpx

from api.reads.spans.windows import Window
from api.reads.top.measures import Measure
from bench.measures.top import FOLLOWED, KINDS, Measured, _section
from bench.options import SMOKE
from bench.serving.ranked import Kind, Loaded, Times, limited, timed

FAST = Measured(Loaded(2.5, 1.5, 30.0), Times(4.0, 9.0), Times(1.0, 2.0), Times(40.0, 50.0), kept=3.0)
SLOW = replace(FAST, top=Times(25.0, 90.0))
HOUR, MONTH = FOLLOWED, KINDS[0]


def rows(found: dict[Kind, Measured | None]) -> dict[str, tuple[str, str]]:
    section = _section(SMOKE, found, idle=0.3, stale=[100.0, 400.0, 1_200.0], scan="1 s")
    return {row.measure: (row.reached, row.holds) for row in section.rows}


def test_the_slowest_board_of_each_class_of_windows_decides() -> None:
    units = Kind(Measure.UNITS, Window.HOUR)
    found = rows({HOUR: FAST, units: SLOW, MONTH: FAST})
    assert found["top of 15m and 1h: the slowest, units, 1h"] == ("25.00 ms", "no")
    assert found["top of 24h, 7d and 30d: the slowest, rating, 30d"] == ("4.00 ms", "yes")
    assert found["the plain style against a top, where it is closest"] == ("1.6×", "")


def test_the_slowest_sales_and_an_idle_process_have_goals() -> None:
    found = rows({HOUR: FAST})
    assert found["a sale in the top, after its commit: median"] == ("400 ms", "")
    assert found["… 99 %"] == ("1,200 ms", "no")
    assert found["processor seconds a minute of an API process that nobody asks"] == ("0.30 s", "yes")


def test_a_board_that_was_not_loaded_is_no_success() -> None:
    section = _section(SMOKE, {HOUR: FAST, MONTH: None}, idle=0.3, stale=[1.0], scan="1 s")
    assert {len(line) for line in section.figures} == {len(section.header)}
    assert [row.holds for row in section.rows if row.measure == "all boards are loaded"] == ["no"]


def test_a_question_without_an_answer_is_said() -> None:
    refusing = replace(FAST, top=Times(4.0, 9.0, refused=2))
    assert rows({HOUR: refusing})["questions that a board did not answer, though it was loaded"] == ("2", "no")
    silent = replace(FAST, plain=Times.of([], refused=1))
    assert "inf×" in _section(SMOKE, {HOUR: silent}, idle=0.3, stale=[1.0], scan="1 s").figures[0]


def test_questions_without_an_answer_take_no_part_in_the_times() -> None:
    statuses = iter([503, 200, 200, 503])
    client = httpx.Client(
        base_url="http://127.0.0.1", transport=httpx.MockTransport(lambda _: httpx.Response(next(statuses)))
    )
    times = timed(client, limited(HOUR), asked=4)
    assert times.refused == 2
    assert 0 < times.median < 1_000


def test_the_kinds_are_all_measures_of_both_classes_and_all_windows() -> None:
    assert {(kind.measure, kind.window) for kind in KINDS} >= {
        *((measure, window) for measure in Measure for window in (Window.HOUR, Window.MONTH)),
        *((Measure.AMOUNT, window) for window in Window),
    }
    assert len(set(KINDS)) == len(KINDS)


def test_questions_ask_for_different_numbers_of_products() -> None:
    path = limited(HOUR)
    assert path(0) == "/api/product/top?by=amount&window=1h&limit=1"
    assert len({path(number) for number in range(100)}) == 100
    assert path(100) == path(0)
