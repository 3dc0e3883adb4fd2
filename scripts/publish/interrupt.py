"""Ctrl-C and SIGTERM as a request: the first ends the sending in an orderly way, the second ends the process."""

import signal
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """While entered, the first signal calls `stop`; a later one raises KeyboardInterrupt. Main thread only.

    The first does not raise, for an exception inside a delivery report would lose the report.
    """

    def __init__(self, stop: Callable[[], None]) -> None:
        self.signal = 0
        self._stop = stop
        self._waiting = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._previous = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def interruptible(self, items: Iterator[T]) -> Iterator[T]:
        """The same items; a signal ends them, even while the next one is waited for."""
        while True:
            self._waiting = True
            try:
                if self.signal:  # it came before there was a wait to end
                    return
                item = next(items)
            except (StopIteration, KeyboardInterrupt):
                return
            finally:
                self._waiting = False
            yield item

    def _handle(self, number: int, frame: FrameType | None) -> None:
        again, self.signal = bool(self.signal), number
        self._stop()
        if again or self._waiting:
            raise KeyboardInterrupt
