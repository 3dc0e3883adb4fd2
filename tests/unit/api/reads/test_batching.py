"""The batching reader: which query answers which read, and which reads fail when a query fails."""

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar

import pytest

from api.reads.batching import WORTH_A_QUERY, BatchingReader
from shared.errors import DatabaseUnavailable

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Query:
    """A query that ends when the test lets it."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self._started = asyncio.Semaphore(0)
        self._results: asyncio.Queue[Exception | None] = asyncio.Queue()

    async def __call__(self, keys: Sequence[int]) -> dict[int, str]:
        number = len(self.batches)
        self.batches.append(list(keys))
        self._started.release()
        error = await self._results.get()
        if error is not None:
            raise error
        return {key: f"{key} by query {number}" for key in keys}

    async def started(self) -> None:
        """Return once the next query has started."""
        await asyncio.wait_for(self._started.acquire(), 5)

    def finish(self, error: Exception | None = None) -> None:
        """Let one query end."""
        self._results.put_nowait(error)


def reader(query: Query, limit: int = 10, deadline: float = 5.0) -> BatchingReader[int, str]:
    return BatchingReader(query, limit=limit, deadline=deadline)


def ask(reads: BatchingReader[int, str], *keys: int) -> list[asyncio.Task[str]]:
    return [asyncio.create_task(reads.read(key)) for key in keys]


async def ask_behind_one(query: Query, waiting: int) -> tuple[BatchingReader[int, str], list[asyncio.Task[str]]]:
    """A reader that was asked for 0, whose query has started, and then for 1 … `waiting`; and all these reads."""
    reads = reader(query, limit=WORTH_A_QUERY)
    asked = ask(reads, 0)
    await query.started()
    asked += ask(reads, *range(1, waiting + 1))
    await settled()
    return reads, asked


async def settled() -> None:
    """Let every task run as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_arrives_together_is_asked_together() -> None:
    query = Query()
    waiting = ask(reader(query), 1, 2, 1)
    await query.started()
    query.finish()
    assert await asyncio.gather(*waiting) == ["1 by query 0", "2 by query 0", "1 by query 0"]
    assert query.batches == [[1, 2]]


async def test_what_arrives_during_a_query_is_answered_by_the_next() -> None:
    query = Query()
    reads = reader(query)
    first = ask(reads, 1)
    await query.started()
    later = ask(reads, 2, 1, 3)
    await settled()
    query.finish()
    query.finish()
    # An answer is never older than its question, so the query in flight does not answer the second read of 1.
    assert await asyncio.gather(*first, *later) == ["1 by query 0", "2 by query 1", "1 by query 1", "3 by query 1"]
    assert query.batches == [[1], [2, 1, 3]]


@pytest.mark.parametrize(("waiting", "queries"), [(WORTH_A_QUERY - 1, 1), (WORTH_A_QUERY, 2), (3 * WORTH_A_QUERY, 2)])
async def test_many_who_wait_are_asked_for_beside_one_query_and_no_more(waiting: int, queries: int) -> None:
    query = Query()
    reads, asked = await ask_behind_one(query, waiting)
    assert len(query.batches) == queries
    for _ in range(5):
        query.finish()
    answers = await asyncio.gather(*asked)
    assert [int(answer.split()[0]) for answer in answers] == list(range(waiting + 1))
    assert await asyncio.gather(*ask(reads, 7)) == [f"7 by query {len(query.batches) - 1}"]


async def test_who_waits_behind_two_queries_is_asked_for_by_the_last_to_end() -> None:
    query = Query()
    _, asked = await ask_behind_one(query, WORTH_A_QUERY + 1)
    query.finish()
    await settled()
    assert len(query.batches) == 2  # one key still waits, too few for a query beside the other
    query.finish()
    query.finish()
    assert (await asyncio.gather(*asked))[-1] == f"{WORTH_A_QUERY + 1} by query 2"


async def test_a_batch_is_bounded_and_the_longest_waiting_go_first() -> None:
    query = Query()
    waiting = ask(reader(query, limit=2), 5, 4, 3, 2, 1)
    for _ in range(3):
        query.finish()
    await asyncio.gather(*waiting)
    assert query.batches == [[5, 4], [3, 2], [1]]


async def test_a_failure_concerns_its_own_batch_only() -> None:
    query = Query()
    reads = reader(query)
    failing = ask(reads, 1, 2)
    await query.started()
    later = ask(reads, 1)
    await settled()
    query.finish(DatabaseUnavailable("away"))
    query.finish()
    assert await asyncio.gather(*later) == ["1 by query 1"]
    outcomes = await asyncio.gather(*failing, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailable] * 2


async def test_a_missing_value_fails_its_batch_and_not_the_reader() -> None:
    async def forgetful(keys: Sequence[int]) -> dict[int, str]:
        return {key: "value" for key in keys if key != 2}

    reads: BatchingReader[int, str] = BatchingReader(forgetful, limit=10, deadline=5)
    with pytest.raises(KeyError):
        await reads.read(2)
    assert await reads.read(1) == "value"


async def test_cancelled_reads_harm_nobody() -> None:
    query = Query()
    reads = reader(query)
    in_flight, beside = ask(reads, 1, 1)
    await query.started()
    waiting, other = ask(reads, 2, 3)
    await settled()
    in_flight.cancel()
    waiting.cancel()
    await settled()
    query.finish()
    query.finish()
    assert await beside == "1 by query 0"
    assert await other == "3 by query 1"
    # Nobody waits for 2 any more, so it is not asked for.
    assert query.batches == [[1], [3]]


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_failing_query_fails_every_reader_that_is_left(gone: int) -> None:
    """Two wait for one key and one for another. Whichever of them goes away, the others get the failure."""

    async def scenario() -> list[str]:
        query = Query()
        waiting = ask(reader(query), 1, 1, 2)
        await query.started()
        waiting.pop(gone).cancel()
        await settled()
        query.finish(DatabaseUnavailable("away"))
        await settled()
        return [str(each.exception()) if each.done() else "still waits" for each in waiting]

    assert asyncio.run(scenario()) == ["away", "away"]


async def test_a_read_that_follows_an_answer_at_once_is_answered() -> None:
    """The task that ran the query has not ended yet in the moment in which its reader reads again."""

    async def query(keys: Sequence[int]) -> dict[int, int]:
        return {key: key for key in keys}

    reads = BatchingReader(query, limit=10, deadline=1)
    assert [await reads.read(key) for key in range(3)] == [0, 1, 2]


async def test_a_reader_that_gave_up_leaves_the_answer_of_its_query_to_the_others() -> None:
    query = Query()
    reads = reader(query, deadline=0.05)
    [late] = ask(reads, 1)
    await query.started()
    with pytest.raises(DatabaseUnavailable):
        await late
    [later] = ask(reads, 1)
    await settled()
    query.finish()
    query.finish()
    assert await later == "1 by query 1"


async def test_an_error_of_any_kind_reaches_the_readers() -> None:
    query = Query()
    waiting = ask(reader(query), 1, 2)
    await query.started()
    query.finish(ZeroDivisionError())
    outcomes = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 1)
    assert [type(outcome) for outcome in outcomes] == [ZeroDivisionError] * 2


async def test_a_query_knows_nothing_of_the_request_that_started_it() -> None:
    """It serves many requests, so a context variable of one of them must not reach it."""
    of_request: ContextVar[str] = ContextVar("of_request", default="none")

    async def query(keys: Sequence[int]) -> dict[int, str]:
        return dict.fromkeys(keys, of_request.get())

    of_request.set("a request")
    assert await BatchingReader(query, limit=10, deadline=5).read(1) == "none"


async def test_a_read_gives_up_at_its_deadline_and_the_next_is_answered() -> None:
    query = Query()
    reads = reader(query, deadline=0.05)
    stuck = ask(reads, 1)
    with pytest.raises(DatabaseUnavailable):
        await asyncio.wait_for(stuck[0], 1)
    query.finish()
    query.finish()
    assert await reads.read(2) == "2 by query 1"


async def test_the_size_of_each_batch_is_observed() -> None:
    query, sizes = Query(), list[float]()
    reads: BatchingReader[int, str] = BatchingReader(query, limit=2, deadline=5, observe=sizes.append)
    for _ in range(2):
        query.finish()
    await asyncio.gather(*ask(reads, 1, 2, 3))
    assert sizes == [2, 1]
