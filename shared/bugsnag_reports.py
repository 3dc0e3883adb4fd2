"""Reports of errors in Bugsnag's form, and how they are sent.

A report holds the classes of an error and of its causes, and the lines that raised them. It holds an error's text only
for the exceptions of this project listed in `_OWN_TEXTS`: other texts may quote an event, a document or a token. The
log has all texts.

One thread sends the reports, from a short queue. When the receiver is away or silent, reports are dropped; the service
never waits.
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
"""Reports that may wait to be sent; more are dropped. Since a line that raises is reported once a minute, 32 lines of
code would have to fail in that minute. More would only take more memory while the receiver is away."""
SEND_SECONDS: Final = 5.0
"""Deadline for sending one report. A silent receiver holds the sending thread for this long, and nothing else."""
FLUSH_SECONDS: Final = 2.0
"""How long a process that ends waits for its last reports. More would delay the end of every process whose receiver is
away; less would lose the report of what ended the process."""
REPEAT_SECONDS: Final = 60.0
"""The same error, raised by the same line, is reported at most once in this time: an outage must not send a report for
each request."""

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
"""Exceptions whose texts this project writes, for operators, from names and numbers alone."""
_WITHHELD: Final = "left out, for it may quote data; see the log"


class ErrorReporter:
    """Reports errors by Bugsnag's client. Errors that end the process or a thread are reported without `notify`."""

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
        # Installs hooks that report what ends the process or a thread.
        self._client = bugsnag.Client(configuration)
        self._reported: dict[tuple[str, str, int], float] = {}

    def notify(self, error: BaseException) -> None:
        """Queue a report of an error, unless one of the same line was queued in the last `REPEAT_SECONDS`."""
        line, now = _line(error), time.monotonic()
        self._reported = {key: at for key, at in self._reported.items() if now - at < REPEAT_SECONDS}
        if line not in self._reported:
            self._reported[line] = now
            self._client.notify(error, severity="error")


class _QueuedDelivery(Delivery):
    """Sends reports one after another from a thread. Drops a report when the queue is full."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._reports: Queue[tuple[str, str, str]] = Queue(QUEUED_REPORTS)
        Thread(target=self._send_all, name="bugsnag", daemon=True).start()
        atexit.register(self._flush)

    def deliver(self, config: Any, payload: Any, options: Any = None) -> None:
        try:
            self._reports.put_nowait((config.endpoint, config.api_key, payload))
        except Full:
            log.warning("an error was not reported: too many reports wait to be sent", waiting=QUEUED_REPORTS)

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
        """At the end of the process, wait until the queued reports are sent, at most `FLUSH_SECONDS`."""
        deadline = time.monotonic() + FLUSH_SECONDS
        while self._reports.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.02)


def _line(error: BaseException) -> tuple[str, str, int]:
    """The error's class, and the file and line that raised it."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return type(error).__qualname__, "", 0
    return type(error).__qualname__, traceback.tb_frame.f_code.co_filename, traceback.tb_lineno


def _withhold(event: Event) -> None:
    """Take out of a report every text that may quote data."""
    for error in event.errors:
        if error.error_class not in _OWN_TEXTS:
            error.error_message = _WITHHELD
    event.metadata.pop("exception notes", None)
