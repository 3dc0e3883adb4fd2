"""How few cells of a document are added up for the pieces into which cuts divide it."""

import pytest

from api.reads.spans import bucket_rows
from api.reads.spans.division import DAYS, HOURS, MINUTES, Level, Piece, Pieces, added_up, cells_beside, divide


@pytest.mark.parametrize(("level", "most"), [(DAYS, 48), (HOURS, 7)])
def test_a_unit_that_is_cut_once_is_added_up_once_by_its_shorter_part(level: Level, most: int) -> None:
    for cut in range(1, level.cells):
        pieces = [Piece(0, cut, 0), Piece(cut, level.cells, 1)]
        (cells,) = added_up(level, {7: pieces})
        assert cells in {(0, cut), (cut, level.cells)}
        assert len(level.paths(*cells)) <= most


def test_a_whole_unit_needs_no_cells() -> None:
    assert added_up(DAYS, {7: [Piece(0, 96, 0)], 8: [Piece(0, 73, 1), Piece(73, 96, 2)]}) == {(73, 96): [8]}


def test_cells_are_added_up_in_the_units_that_have_them() -> None:
    hours: Pieces = {5: [Piece(0, 20, 0), Piece(20, 25, 1), Piece(25, 60, 2)], 6: [Piece(0, 20, 3)], 7: []}
    # The last piece is the hour less its first 25 minutes: two blocks and five minutes in place of eight numbers.
    assert added_up(HOURS, hours) == {(0, 20): [5, 6], (20, 25): [5], (0, 25): [5]}


def test_minutes_have_no_sums_of_the_whole() -> None:
    assert cells_beside(MINUTES, 0, 59) is None
    assert added_up(MINUTES, {7: [Piece(0, 59, 0)]}) == {(0, 59): [7]}


def test_of_the_hour_in_which_a_window_begins_its_row_has_the_rest() -> None:
    window = divide((5 * 3_600 + 20 * 60, 8 * 3_600), 0)
    rest = {"$subtract": [{"$sum": ["$units"]}, {"$sum": ["$b.0.units", "$b.1.units"]}]}
    whole = {"$and": [{"$gte": ["$_id.h", 6]}, {"$lte": ["$_id.h", 7]}]}
    branches = [{"case": {"$eq": ["$_id.h", 5]}, "then": rest}, {"case": whole, "then": "$units"}]
    assert bucket_rows.counted(HOURS, window, ["units"]) == {
        "b0_units": {"$sum": {"$switch": {"branches": branches, "default": 0}}}
    }
