"""Schemathesis derives valid and invalid requests from the OpenAPI document, and checks the answers against it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.name_index import index_names
from tests.integration.api.conftest import NOON, empty_database, running_api
from tests.support.api.running import Api
from tests.support.documents.given_events import GivenRating, GivenSale, store
from tests.support.servers.interface import MongoServer

SECONDS = 120
"""It takes 40 s beside two other test runs on two cores."""
EXAMPLES = 15
TOGETHER = (
    "/api/product",
    "/api/product/sale",
    "/api/product/sale/series",
    "/api/product/sale/{product_id}/series",
    "/api/product/rating/{product_id}/series",
    "/api/product/top",
)
"""Routes with parameters of which each is right by itself and wrong beside another, which OpenAPI cannot say: `compare`
beside `ids`, a `step` that does not divide the `window`, `min_ratings` of sums, `after` a product of another name."""
CONFIGURATION = "".join(
    f"""
[[operations]]
include-name = "GET {path}"
checks.positive_data_acceptance.expected-statuses = ["2xx", "3xx", 400, 401, 403, 404, 429, 503]
"""
    for path in TOGETHER
)


@pytest.fixture(scope="module")
def busy_api(mongo: MongoServer) -> Iterator[Api]:
    """An API with products 0 to 9."""
    with empty_database(mongo) as database, running_api(mongo, database) as api:
        store(
            database, [event for n in range(10) for event in (GivenSale(n, NOON, "3000"), GivenRating(n, NOON, "4.5"))]
        )
        index_names(database)
        yield api


def run(api: Api, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`schemathesis run` with every check. The fixed seed makes it send the same requests each time."""
    command = ("run", f"{api.url}/openapi.json", "--seed", "7", "--max-examples", str(EXAMPLES), *arguments)
    # In another folder than the project's own, because schemathesis leaves its database of examples there.
    (folder / "schemathesis.toml").write_text(CONFIGURATION)
    return subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "NO_COLOR": "1"},
    )


def test_the_service_does_what_openapi_says(busy_api: Api, tmp_path: Path) -> None:
    done = run(busy_api, tmp_path, "--header", f"Authorization: Bearer {busy_api.token()}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tested: 10" in done.stdout, done.stdout
