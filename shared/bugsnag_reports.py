"""Reports of errors as Bugsnag takes them, and their way there.

A report holds the classes of the error and of its causes, and where they were raised. Their texts are left out unless
this project wrote them: others may quote an event, a document or a token. The log has them.

Reports leave by one thread and a short queue. A receiver that is away or silent costs reports, never time.
"""

import atexit
import time
from queue import Full, Queue
from threading import Thread
from typing import Any, Final
from urllib.request import Request, urlopen

import bugsnag
from bugsnag.configuration import Configuration
from bugsnag.delivery import DEFAULT_ENDPOINT, Delivery, default_headers
from bugsnag.event import Event

from shared import logs
from shared.errors import (
    AggregateRefused,
    ClockSkewed,
    ConfigurationError,
    OffsetsLost,
    SchemaNewer,
    TopicRecreated,
    WrongCollection,
)
from shared.settings import SharedSettings

log = logs.logger(__name__)

QUEUED_REPORTS: Final = 32
SEND_SECONDS: Final = 5.0
FLUSH_SECONDS: Final = 2.0
REPEAT_SECONDS: Final = 60.0
"""The same error from the same place is reported once in this time."""

_OWN_TEXTS: Final = frozenset(
    f"{error.__module__}.{error.__qualname__}"
    for error in (
        AggregateRefused,
        ClockSkewed,
        ConfigurationError,
        OffsetsLost,
        SchemaNewer,
        TopicRecreated,
        WrongCollection,
    )
)
_WITHHELD: Final = "left out, for it may quote data; see the log"


class Reporter:
    """Bugsnag's client, and what was reported lately."""

    def __init__(self, settings: SharedSettings, service: str) -> None:
        configuration = Configuration()  # type: ignore[no-untyped-call]
        configuration.configure(  # type: ignore[no-untyped-call]
            api_key=settings.bugsnag_api_key.get_secret_value(),
            app_type=service,
            endpoint=settings.bugsnag_endpoint or DEFAULT_ENDPOINT,
            session_endpoint=settings.bugsnag_endpoint or DEFAULT_ENDPOINT,
            release_stage=settings.bugsnag_release_stage,
            delivery=_QueuedDelivery(),
            auto_capture_sessions=False,
            send_environment=False,
            max_breadcrumbs=0,
        )
        configuration.middleware.before_notify(_withhold)  # type: ignore[arg-type]  # its hint names another type
        # Also reports what ends the process or a thread.
        self._client = bugsnag.Client(configuration)
        self._reported: dict[tuple[str, str, int], float] = {}

    def notify(self, error: BaseException) -> None:
        """Report an error, unless it was reported a moment ago."""
        place, now = _place(error), time.monotonic()
        self._reported = {key: at for key, at in self._reported.items() if now - at < REPEAT_SECONDS}
        if place not in self._reported:
            self._reported[place] = now
            self._client.notify(error, severity="error")


class _QueuedDelivery(Delivery):
    """Sends reports one after another from a thread of its own; a full queue drops them."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._reports: Queue[tuple[str, str, str]] = Queue(QUEUED_REPORTS)
        Thread(target=self._send_all, name="bugsnag", daemon=True).start()
        atexit.register(self._flush)

    def deliver(self, config: Any, payload: Any, options: Any = None) -> None:
        try:
            self._reports.put_nowait((config.endpoint, config.api_key, payload))
        except Full:
            log.warning("an error was not reported: reports are waiting already", waiting=QUEUED_REPORTS)

    def _send_all(self) -> None:
        while True:
            endpoint, api_key, payload = self._reports.get()
            try:
                # The address is the operator's setting.
                request = Request(endpoint, payload.encode(), default_headers(api_key))  # noqa: S310
                urlopen(request, timeout=SEND_SECONDS).close()  # noqa: S310
            except Exception as error:
                log.warning("an error was not reported: the receiver failed", error=type(error).__name__)
            finally:
                self._reports.task_done()

    def _flush(self) -> None:
        """Give what ended the process a moment to leave."""
        deadline = time.monotonic() + FLUSH_SECONDS
        while self._reports.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.02)


def _place(error: BaseException) -> tuple[str, str, int]:
    """Class of the error and the line that raised it."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return type(error).__qualname__, "", 0
    return type(error).__qualname__, traceback.tb_frame.f_code.co_filename, traceback.tb_lineno


def _withhold(event: Event) -> None:
    """Take out of a report whatever may quote data."""
    for error in event.errors:
        if error.error_class not in _OWN_TEXTS:
            error.error_message = _WITHHELD
    event.metadata.pop("exception notes", None)
