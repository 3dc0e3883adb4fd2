"""The command that takes the cost of a hundred products apart."""

from io import StringIO

from rich.console import Console

from api.reads.spans import bucket_rows, unit_rows, window_sums
from api.reads.spans.division import divide, open_end, sealed_before
from api.reads.spans.pipelines import rows_of
from api.reads.spans.windows import Window
from bench.batch_reads import BY_HOUR, BY_PRODUCT, FOUND, ONE, WITHOUT_HINT, Cost, _by_hour, _documents, table
from shared.documents import ROLLUPS, SUMS

NOW_MS = 1_796_032_728_954


def test_only_one_way_has_rows_by_hour_of_all_sums() -> None:
    division = divide((Window.HOUR.begin(NOW_MS), open_end(NOW_MS)), sealed_before(NOW_MS))
    with _by_hour(BY_HOUR):
        assert rows_of(division) is unit_rows
        assert list(window_sums._SALES) == list(SUMS)
    with _by_hour(BY_PRODUCT):
        assert rows_of(division) is bucket_rows
    assert list(window_sums._SALES) == ["amount"]


def test_documents_are_found_by_the_ranges_of_the_readers() -> None:
    collection, (match, group) = _documents(NOW_MS)
    assert collection == ROLLUPS
    assert len(match["$match"]["$or"]) == 100
    assert group["$group"]["_id"] is None


def test_the_table_says_what_follows_from_the_ways() -> None:
    costs = {
        BY_PRODUCT: [Cost(5, 10)], BY_HOUR: [Cost(8, 12)], FOUND: [Cost(1, 8)], WITHOUT_HINT: [Cost(1, 16)],
        ONE: [Cost(2, 1)],
    }  # fmt: skip
    text = StringIO()
    Console(file=text, width=200).print(table(costs, "title"))
    lines = [" ".join(line.replace("│", " ").split()) for line in text.getvalue().splitlines()]
    assert "MongoDB adds up, a row for each product 2.00" in lines
    assert "… and hour, five sums 4.00" in lines
    assert "a row for each product against one for each product and hour, both together 0.75×" in lines
    assert "100 products against 1, both together 5.00×" in lines
