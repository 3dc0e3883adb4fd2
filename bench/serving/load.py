"""A load of requests, by wrk."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.serving.served import Served
from stack.install import packages

SCRIPT = Path(__file__).parent / "api.lua"
CONNECTIONS = 64


@dataclass(frozen=True)
class Load:
    """What wrk saw; latencies in milliseconds."""

    answers: int
    rate: float
    median: float
    p99: float


def load(served: Served, route: str, products: int, seconds: float, connections: int = CONNECTIONS) -> Load:
    """Ask for `route`, whose `{product}` is 1 … `products`, on so many connections for so long.

    Raises PartMissing where wrk cannot be had, SystemExit when an answer was not 200.
    """
    wrk = packages.require("wrk", "wrk", print)
    environment = {**os.environ, "TOKEN": served.token, "PRODUCTS": str(products), "ROUTE": route}
    sizes = ("--threads", "1", "--connections", str(connections), "--duration", f"{max(1, round(seconds))}s")
    result = subprocess.run(  # noqa: S603
        (str(wrk), *sizes, "--script", str(SCRIPT), served.url),
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    seen = json.loads(result.stdout.splitlines()[-1])
    if seen["errors"] or not seen["answers"]:
        raise SystemExit(f"{route}: {seen['errors']} errors in {seen['answers']} answers\n{served.running.output}")
    return Load(seen["answers"], seen["answers"] / seen["seconds"], seen["median"] / 1e3, seen["p99"] / 1e3)
