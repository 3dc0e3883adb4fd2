"""The arithmetic and the tables of the benchmarks' report; `make bench-smoke` runs the measures themselves."""

import pytest

from bench.results.ratios import Spread, percentile, ratio
from bench.results.report import GoalRow, Section, at_least, at_most, document
from bench.results.rounds import alternate


def test_a_ratio_is_taken_within_each_round() -> None:
    # The machine was slow in the second round: both took four times as long.
    rates = {"ours": [400.0, 100.0, 390.0], "theirs": [100.0, 25.0, 130.0]}
    assert ratio(rates, "ours", "theirs", lambda rate: rate) == Spread(4.0, 3.0, 4.0)


def test_contestants_alternate_and_each_begins_a_round() -> None:
    order: list[str] = []

    def contestant(name: str) -> int:
        order.append(name)
        return len(order)

    outcomes = alternate({name: lambda name=name: contestant(name) for name in "abc"}, 3, str)  # type: ignore[misc]
    assert "".join(order) == "abcbcacab"
    assert outcomes == {"a": [1, 6, 8], "b": [2, 4, 9], "c": [3, 5, 7]}


@pytest.mark.parametrize(("share", "expected"), [(0.5, 6), (0.99, 10), (0.0, 1)])
def test_percentiles_are_values_that_were_measured(share: float, expected: float) -> None:
    assert percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], share) == expected


def test_a_missed_goal_is_said() -> None:
    rows = [GoalRow("fast", "≥ 3×", "2.9×", at_least(2.9, 3)), GoalRow("soon", "≤ 40 ms", "40 ms", at_most(40, 40))]
    lines = document(
        "# Title", ["a machine"], [Section("One", rows, remarks=["why"]), Section("Two", rows)]
    ).splitlines()
    assert "| fast | ≥ 3× | 2.9× | no |" in lines
    assert "| soon | ≤ 40 ms | 40 ms | yes |" in lines
    assert "- a machine" in lines
    assert "## One" in lines
    assert "## Two" not in lines, "a heading with nothing below it"


def test_a_spread_is_written_with_its_extremes_where_it_has_some() -> None:
    assert Spread.of([2.0, 1.0, 4.0]).text() == "2.00 (1.00-4.00)"
    assert Spread.of([2.0]).text("{:.0f}") == "2"
