"""What the API counts and measures, for Prometheus."""

from collections.abc import Callable
from functools import cache
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from shared.metrics import SECONDS, SIZES

REQUESTS: Final = Histogram(
    "api_request_duration_seconds",
    "Time from a request's arrival to the end of its answer.",
    ("route", "method", "status"),
    buckets=SECONDS,
)
QUERIES: Final = Histogram(
    "api_mongodb_query_duration_seconds",
    "Time of a query to MongoDB, failed ones included.",
    ("query",),
    buckets=SECONDS,
)
BATCHES: Final = Histogram(
    "api_batch_keys",
    "Distinct keys that one query answered together.",
    ("reader",),
    buckets=[s for s in SIZES if s <= 500],
)
BOARDS: Final = Gauge("api_top_boards", "Boards of tops that this instance keeps up to date.")
BOARDS_LOADED: Final = Counter("api_top_boards_loaded_total", "Boards of tops that were loaded, or loaded anew.")
DRAINING: Final = Gauge("api_draining", "1 while this instance is ending.")


@cache
def request_observer(route: str, method: str, status: int) -> Callable[[float], None]:
    """The function that counts one request of this kind, given its seconds.

    The cache keeps one for each kind: to find a histogram by its labels costs as much as to count the request.
    """
    return REQUESTS.labels(route, method, status).observe
