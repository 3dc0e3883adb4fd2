"""Errors to Bugsnag, when a key is set."""

from shared.settings import SharedSettings


def configure(settings: SharedSettings, service: str) -> None:
    """Report errors of this process from now on, if there is a key."""


def notify(error: BaseException) -> None:
    """Report an error."""
