"""A board at one moment: all products' sums, and up to where each partition's batches are in them."""

import asyncio
from typing import Final

from api.reads.top.board import Board, ProductNumbers
from api.reads.top.measures import Measure
from api.reads.top.minute import ROWS_AT_ONCE
from api.reads.top.source import Source

_UNPACKED: Final = 60_000
"""Rows that wait to be packed while a board is loaded, which take 6 MB: a thousand products with sales in each of 60
minutes. With twice as many it is twice that; with half as many a minute has more packs, each of which takes 0.2 kB."""
_ALL: Final = 2**63
"""A minute that never comes: those before it are all."""


async def load(source: Source, measure: Measure, first_minute: int, moves: bool, numbers: ProductNumbers) -> Board:
    """Load a board. Takes seconds where products are many, in which the event loop serves requests.

    Sums and marks are read in one snapshot, so what a batch added is in the sums exactly if it is before its
    partition's mark. Raises DatabaseUnavailable and OtherGroups.
    """
    board = Board(measure, first_minute, moves, numbers)
    async with source.at_one_moment() as moment:
        board.positions = await moment.ends()
        added = unpacked = 0
        rows_read = moment.sums_by_minute if moves else moment.sums
        async for rows in rows_read(measure, first_minute):
            board.add_some(rows)
            added += len(rows)
            if added >= ROWS_AT_ONCE:
                unpacked += added
                added = 0
                await asyncio.sleep(0)
            if unpacked >= _UNPACKED:
                unpacked = 0
                await board.pack(_ALL)
    await board.pack(_ALL)
    return board
