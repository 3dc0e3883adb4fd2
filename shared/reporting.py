"""Reports of errors to Bugsnag, for both services. Without `BUGSNAG_API_KEY` nothing is reported.

What a report holds, and how it is sent, is in `shared.bugsnag_reports`.
"""

from typing import TYPE_CHECKING

from shared import logs
from shared.settings import SharedSettings

if TYPE_CHECKING:
    from shared.bugsnag_reports import ErrorReporter

log = logs.logger(__name__)

_reporter: "ErrorReporter | None" = None


def configure(settings: SharedSettings, service: str) -> None:
    """If there is a key, report errors of this process from now on, uncaught ones too. Call it once, at start."""
    global _reporter
    if settings.bugsnag_api_key.get_secret_value():
        # Imported only here: loading Bugsnag's client takes an eighth of a start, also where there is no key.
        from shared.bugsnag_reports import ErrorReporter

        _reporter = ErrorReporter(settings, service)


def notify(error: BaseException) -> None:
    """Report an error. Never raises and never waits for the receiver. Does nothing without a key."""
    if _reporter is None:
        return
    try:
        _reporter.notify(error)
    except Exception:
        log.exception("an error could not be reported")
