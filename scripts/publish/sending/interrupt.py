"""Turns Ctrl-C and SIGTERM into a request: the first ends the sending in an orderly way, the second at once."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
IDLE_SECONDS = 0.5
"""While an item is waited for, `idle` is called so often. At twice this, a broker that does not answer is reported half
a second later; at half, a publisher that waits for input wakes up twice as often."""


class Interruption:
    """A context in which the first SIGINT or SIGTERM calls `stop`, and a later one raises KeyboardInterrupt.

    Enter it on the main thread, where Python runs signal handlers. The first signal raises nothing, since an exception
    inside a delivery report would lose the report. Only while `interruptible` waits for an item does it raise, and
    `interruptible` catches that.
    """

    def __init__(self, stop: Callable[[], None]) -> None:
        self.signal = 0
        """The number of the last signal that came; 0: none."""
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

    def interruptible(self, items: Iterator[T], idle: Callable[[], None] | None = None) -> Iterator[T]:
        """Pass the items on until a signal comes, also one that comes while the next item is waited for.

        `idle` is called every `IDLE_SECONDS` while the next item is waited for, and never at another moment. It runs
        as a signal handler on this thread, between two steps of whatever makes the item.
        """
        with self._timer(idle):
            while True:
                self._waiting = True
                try:
                    if self.signal:  # it came before `_waiting` was set, so the handler did not raise
                        return
                    item = next(items)
                except (StopIteration, KeyboardInterrupt):
                    return
                finally:
                    self._waiting = False
                yield item

    @contextmanager
    def _timer(self, idle: Callable[[], None] | None) -> Iterator[None]:
        """Call `idle` inside, while an item is waited for."""
        if idle is None:
            yield
            return

        def handle(number: int, frame: FrameType | None) -> None:
            if self._waiting:
                idle()

        previous = signal.signal(signal.SIGALRM, handle)
        signal.setitimer(signal.ITIMER_REAL, IDLE_SECONDS, IDLE_SECONDS)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        again, self.signal = bool(self.signal), number
        self._stop()
        if again or self._waiting:
            raise KeyboardInterrupt
