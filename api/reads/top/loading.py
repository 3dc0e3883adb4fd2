"""A board at one moment: all products' sums, and up to where each partition's batches are in them."""

import asyncio

from api.reads.top.board import Board, ProductNumbers
from api.reads.top.measures import Measure
from api.reads.top.minute import ROWS_AT_ONCE
from api.reads.top.source import Source


async def load(source: Source, measure: Measure, first_minute: int, moves: bool, numbers: ProductNumbers) -> Board:
    """Load a board. Takes seconds where products are many, in which the event loop serves requests.

    Sums and marks are read in one snapshot, so what a batch added is in the sums exactly if it is before its
    partition's mark. Raises DatabaseUnavailable and OtherGroups.
    """
    board = Board(measure, first_minute, moves, numbers)
    async with source.at_one_moment() as moment:
        board.positions = await moment.ends()
        added = 0
        rows_read = moment.sums_by_minute if moves else moment.sums
        async for rows in rows_read(measure, first_minute):
            board.add_some(rows)
            added += len(rows)
            if added >= ROWS_AT_ONCE:
                added = 0
                await asyncio.sleep(0)
    # Whoever loads a window that is long past has no minute to which much is added.
    await board.pack(before=first_minute + 24 * 60)
    return board
