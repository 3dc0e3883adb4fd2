"""Prometheus metrics of both services: buckets, and how they are read out."""

from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest, start_http_server

from shared.errors import ConfigurationError

SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Buckets of durations."""

SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
"""Buckets of batch sizes."""


def exposition() -> tuple[bytes, str]:
    """All metrics of this process in Prometheus' text format, and its content type."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST


def serve(host: str, port: int) -> None:
    """Serve the metrics from a thread of their own, until the process ends. Raises ConfigurationError."""
    try:
        start_http_server(port, host)
    except OSError as error:
        raise ConfigurationError(
            f"METRICS_PORT: metrics cannot be served on {host}:{port} ({error.strerror}): take another port, or 0"
        ) from error
