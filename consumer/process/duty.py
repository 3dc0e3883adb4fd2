"""A duty: work that a consumer does again and again on a thread of its own, beside the batches."""

import threading
from abc import ABC, abstractmethod
from typing import Final

from pymongo.errors import PyMongoError

from shared import reporting
from shared.errors import AnalyticsError
from shared.logs import logger
from shared.mongo import brief

STOP_SECONDS: Final = 1.0
"""How long `stop` waits for the thread. At twice this, the process ends a second later for each duty while MongoDB is
silent. At half, a slow MongoDB more often keeps what a duty leaves behind: retention's note, which counts for two hours
more, or sealing's transaction, which locks its hours until the partition's next owner ends it."""

log = logger(__name__)


class Duty(ABC):
    """A daemon thread that calls `work` until `stop`, then `finish`. An error of `work` is logged, and never ends it.

    `failing` says in the log what waits while `work` fails. The first call comes after `first_seconds`, and one after
    an error `again_seconds` later.
    """

    def __init__(self, name: str, failing: str, again_seconds: float, first_seconds: float = 0.0) -> None:
        self._failing = failing
        self._again_seconds = again_seconds
        self._first_seconds = first_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def work(self) -> float:
        """Do what is due. Returns in how many seconds it is to be called again. Blocks."""

    def finish(self) -> None:  # noqa: B027 (most duties hold nothing)
        """Put away what the thread holds, on the thread, after the last call of `work`."""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop_soon(self) -> None:
        """Ask the thread to end. Returns at once; from any thread."""
        self._stopping.set()

    def stop(self) -> None:
        """End the thread. Waits for it for `STOP_SECONDS` at most."""
        self.stop_soon()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        seconds = self._first_seconds
        while not self._stopping.wait(seconds):
            try:
                seconds = self.work()
            except Exception as error:
                self._log(error)
                seconds = self._again_seconds
        try:
            self.finish()
        except Exception as error:
            self._log(error)

    def _log(self, error: Exception) -> None:
        if isinstance(error, AnalyticsError | PyMongoError):
            log.warning(self._failing, reason=brief(error) if isinstance(error, PyMongoError) else str(error))
        else:
            reporting.notify(error)
            log.error(self._failing, exc_info=error)
