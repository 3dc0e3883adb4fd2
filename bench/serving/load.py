"""Puts an API process under a load of requests, by wrk."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.serving.served import ServedApi
from stack.install import packages

SCRIPT = Path(__file__).parent / "api.lua"
CONNECTIONS = 64
"""How many requests are under way at a time: enough to keep one API process busy all the time.

With twice of it each request waits about twice as long for the same number of answers a second. With half of it the
batching reader has fewer requests to answer by one query.
"""


TIMEOUT_SECONDS = 10
"""How long an answer may take before wrk counts an error: the plain style adds up millions of events in some seconds.
Half of it might be too short on a busy machine; twice of it would notice an API that hangs later."""


@dataclass(frozen=True)
class LoadResult:
    """What wrk counted: answers, answers a second, and the latency's median and 99th percentile in milliseconds."""

    answers: int
    rate: float
    median: float
    p99: float


def load(served: ServedApi, route: str, products: int, seconds: float, connections: int = CONNECTIONS) -> LoadResult:
    """Ask for `route` on so many connections, for so many seconds (at least one).

    `{product}` in the route is replaced by a random product from 1 to `products`. Blocks meanwhile. Where no answer
    came in this time, asks for longer, up to TIMEOUT_SECONDS. Raises PartMissing where wrk cannot be had, SystemExit
    when an answer was not 200 or there was none.
    """
    wrk = packages.require("wrk", "wrk", print)
    environment = {**os.environ, "TOKEN": served.token, "PRODUCTS": str(products), "ROUTE": route}
    sizes = ("--threads", "1", "--connections", str(connections), "--duration", f"{max(1, round(seconds))}s")
    waiting = ("--timeout", f"{TIMEOUT_SECONDS}s")
    result = subprocess.run(  # noqa: S603
        (str(wrk), *sizes, *waiting, "--script", str(SCRIPT), served.url),
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    seen = json.loads(result.stdout.splitlines()[-1])
    if not seen["answers"] and not seen["errors"] and seconds < TIMEOUT_SECONDS:
        return load(served, route, products, TIMEOUT_SECONDS, connections)
    if seen["errors"] or not seen["answers"]:
        raise SystemExit(f"{route}: {seen['errors']} errors in {seen['answers']} answers\n{served.running.output}")
    return LoadResult(seen["answers"], seen["answers"] / seen["seconds"], seen["median"] / 1e3, seen["p99"] / 1e3)
