"""Tasks that run as long as the application does."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

_AGAIN_SECONDS: Final = 0.1


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel these tasks; return once they have ended, however they did.

    One cancellation is not always enough: before Python 3.12 `asyncio.wait_for`, by which PyMongo sends, loses one that
    comes just when what it waits for is done.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN_SECONDS)
