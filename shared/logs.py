"""Structured logs: one line an entry, readable on a terminal, JSON elsewhere.

An entry's text says what happened; the details are fields. No entry holds a message's contents, a token or a secret.
"""

import logging
import sys
from functools import partial
from typing import Literal

import structlog
from structlog.typing import EventDict, FilteringBoundLogger

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

Format = Literal["auto", "json", "console"]


def configure(log_format: Format, level: str, service: str) -> None:
    """Send structlog's and the standard library's logs to standard error, from `level` up. Call it once, at start.

    Libraries log by the standard library; of them, entries below info are left out even at level debug.
    """
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        partial(_with_service, service),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderers: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
        if console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=max(_LEVELS[level], logging.INFO), force=True)


def _with_service(service: str, logger: object, method: str, entry: EventDict) -> EventDict:
    """Add the service's name. It is no context variable, which tasks and threads with another context would lose."""
    entry["service"] = service
    return entry


def logger(name: str) -> FilteringBoundLogger:
    """A logger whose entries have the field `module` with this name."""
    bound: FilteringBoundLogger = structlog.get_logger(module=name)
    return bound
