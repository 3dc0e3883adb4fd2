"""Errors to Bugsnag, when `BUGSNAG_API_KEY` is set; both services, and nothing that events or requests carry."""

from typing import TYPE_CHECKING

from shared import logs
from shared.settings import SharedSettings

if TYPE_CHECKING:
    from shared.bugsnag_reports import Reporter

log = logs.logger(__name__)

_reporter: "Reporter | None" = None


def configure(settings: SharedSettings, service: str) -> None:
    """Report errors of this process from now on, uncaught ones included, if there is a key. Call once, at start."""
    global _reporter
    if settings.bugsnag_api_key.get_secret_value():
        # Loading Bugsnag's client takes an eighth of a start, which nobody should wait for who does not use it.
        from shared.bugsnag_reports import Reporter

        _reporter = Reporter(settings, service)


def notify(error: BaseException) -> None:
    """Report an error. Never raises, never waits for the receiver, does nothing without a key."""
    if _reporter is None:
        return
    try:
        _reporter.notify(error)
    except Exception:
        log.exception("an error could not be reported")
