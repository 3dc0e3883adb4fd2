"""Background tasks end when they are cancelled, also those that lose a cancellation."""

import asyncio
from contextlib import suppress

import pytest

from api.background import end

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def deaf(times: int) -> None:
    """A task that loses so many cancellations, as a task that awaits PyMongo may."""
    for _ in range(times):
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
    await asyncio.sleep(60)


async def failing() -> None:
    raise ValueError


@pytest.mark.parametrize("times", [0, 1, 3])
async def test_tasks_end_however_often_they_have_to_be_told(times: int) -> None:
    tasks = [asyncio.create_task(one) for one in (deaf(times), deaf(0), failing())]
    await asyncio.sleep(0)
    await asyncio.wait_for(end(tasks), 5)
    assert [task.cancelled() for task in tasks] == [True, True, False]
    assert isinstance(tasks[2].exception(), ValueError)


async def test_no_tasks_end_at_once() -> None:
    await asyncio.wait_for(end([]), 5)
