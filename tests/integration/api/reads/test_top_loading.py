"""A board is of one moment, also while consumers commit."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.reads.top.board import ProductNumbers
from api.reads.top.loading import load
from api.reads.top.measures import Measure
from api.reads.top.questions import Mark
from api.reads.top.source import Source
from shared.mongo import connect, connect_async
from shared.settings import ApiSettings
from tests.support.documents.writing import Writer, sold


class Interrupted(Source):
    """Lets a consumer commit a batch after a board's marks were read and before its sums are."""

    writer: Writer

    @asynccontextmanager
    async def at_one_moment(self) -> AsyncIterator[Source]:
        async with super().at_one_moment() as moment:
            asked, writer = moment.ends, self.writer

            async def ends() -> dict[int, Mark]:
                found = await asked()
                lease = writer.lease()
                await asyncio.to_thread(lambda: writer.commit(writer.batch(lease, [sold(product=1), sold(product=2)])))
                return found

            vars(moment)["ends"] = ends
            yield moment


def test_a_batch_that_is_committed_while_a_board_is_loaded_counts_once(settings: ApiSettings) -> None:
    writer = Writer(connect(settings, "tests"))
    writer.commit(writer.batch(writer.lease(), [sold(product=1)]))
    minute = int(writer.clock().timestamp()) // 60

    async def loaded() -> tuple[dict[int, Mark], list[tuple[int, int]]]:
        database = connect_async(settings, "tests")
        source = Interrupted(database, lambda name, seconds: None)
        source.writer = writer
        boards = [await load(source, Measure.SALES, minute - 60, moves, ProductNumbers()) for moves in (True, False)]
        await database.client.close()
        found = [candidate[:2] for board in boards for candidate in await board.candidates_among([1, 2], 1)]
        return boards[0].positions, found

    positions, candidates = asyncio.run(loaded())
    # The first board has the first sale alone, the second also the batch that came while the first was loaded.
    assert positions[0].offset == 1
    assert candidates == [(-1, 1), (-2, 1), (-1, 2)]
    writer.database.client.close()
