"""A request that ends while its board changes: its client is gone, or its time is over."""

import asyncio

import pytest

from api.reads.spans.windows import Window
from api.reads.top.board import Board, ProductNumbers
from api.reads.top.measures import Measure
from api.reads.top.shelf import Shelf
from api.reads.top.slot import NEVER
from api.reads.top.source import Source

PRODUCTS = 1_000
"""Five slices of the event loop."""


def test_a_request_that_ends_while_a_minute_leaves_costs_no_digit() -> None:
    """Part of the minute has left the sums, and nobody knows any more what of it has not: the board begins anew."""

    async def scenario() -> tuple[list[Board], int]:
        shelf = Shelf(Source.__new__(Source), lambda: 0)
        board = Board(Measure.SALES, 100, moves=True, numbers=ProductNumbers())
        board.add_some([(product, 100, 1) for product in range(PRODUCTS)])
        shelf.asked(Measure.SALES, Window.HOUR).boards[board] = NEVER

        async def request() -> None:
            with shelf.whole_or_dropped(board):
                await board.advance(101)

        task = asyncio.create_task(request())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return shelf.boards(), sum(board.sum_of(number) for number in range(PRODUCTS))

    boards, left = asyncio.run(scenario())
    assert 0 < left < PRODUCTS, "the request was not cut short in the middle, so this proves nothing"
    assert boards == []
