"""How the tasks end that run in the background for as long as the application."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

_AGAIN_SECONDS: Final = 0.1
"""How long a task may take to end before it is cancelled again. At twice this, a lost cancellation delays the end for
twice as long; at half, a task that is busy with its own ending is more often cancelled again."""


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel these tasks, and return when all have ended. Raises nothing, whatever the tasks raised.

    One cancellation is not always enough, so it is repeated. PyMongo sends by `asyncio.wait_for`, which before Python
    3.12 loses a cancellation that comes in the moment in which the bytes are out (docs/adr/0015).
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN_SECONDS)
