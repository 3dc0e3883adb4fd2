"""Prometheus metrics: buckets that the services' histograms share, and two ways to read the metrics."""

from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest, start_http_server

from shared.errors import ConfigurationError

SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Buckets of durations, from half a millisecond to ten seconds, after which a batch is given up. Each bound is two to
two and a half times the one before, so a quantile that is read from them is right within that factor."""

SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
"""Buckets of batch sizes, up to the largest that BATCH_MAX_EVENTS allows."""


def exposition() -> tuple[bytes, str]:
    """All metrics of this process in Prometheus' text format, and the content type of that format."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST


def serve(host: str, port: int) -> None:
    """Serve the metrics over HTTP from a thread that lives as long as the process. Returns at once.

    Raises ConfigurationError when the port cannot be had.
    """
    try:
        start_http_server(port, host)
    except OSError as error:
        raise ConfigurationError(
            f"METRICS_PORT: metrics cannot be served on {host}:{port} ({error.strerror}): take another port, or 0"
        ) from error
