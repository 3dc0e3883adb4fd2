"""Structured logs: one line an event, readable on a terminal, JSON elsewhere.

An entry says what happened in its first words and carries the rest as fields. No payloads, tokens or secrets.
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
    """Set up structlog and the standard library's root logger, both to standard error. Call once, at start."""
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
    """Not a context variable: tasks and threads of their own context would lose it."""
    entry["service"] = service
    return entry


def logger(name: str) -> FilteringBoundLogger:
    """A logger whose entries carry `module=name`."""
    bound: FilteringBoundLogger = structlog.get_logger(module=name)
    return bound
