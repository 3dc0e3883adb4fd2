"""Requests that go on while a test does something to the product."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

import httpx

CLIENTS = 4
"""Requests at a time: enough to meet any gap in the service, few enough for a small machine."""


class Traffic:
    """While the block runs, `CLIENTS` threads ask for one address again and again.

    `outcomes` counts the answers by status code, and errors of the connection by their text.
    """

    def __init__(self, client: httpx.Client, path: str) -> None:
        self.outcomes: Counter[int | str] = Counter()
        self._client = client
        self._path = path
        self._ends = threading.Event()
        self._counted = threading.Condition()
        self._threads = ThreadPoolExecutor(CLIENTS)

    def __enter__(self) -> Self:
        for _ in range(CLIENTS):
            self._threads.submit(self._ask)
        return self

    def __exit__(
        self, error: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ends.set()
        self._threads.shutdown()

    def wait_for(self, requests: int) -> None:
        """Wait until `requests` more requests have ended. Raises TimeoutError after half a minute."""
        with self._counted:
            wanted = self.outcomes.total() + requests
            if not self._counted.wait_for(lambda: self.outcomes.total() >= wanted, 30):
                raise TimeoutError(f"{requests} requests have not been answered in time: {self.outcomes}")

    def _ask(self) -> None:
        while not self._ends.is_set():
            try:
                outcome: int | str = self._client.get(self._path).status_code
            except httpx.TransportError as error:
                outcome = repr(error)
            with self._counted:
                self.outcomes[outcome] += 1
                self._counted.notify_all()
