"""Clients that public generators make of docs/openapi.json compile, run, and get the API's answers."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from stack.errors import PartMissing
from tests.integration.api.conftest import NOON
from tests.support.api.running import Api
from tests.support.documents.given_events import GivenRating, GivenSale, store
from tests.support.generated_clients import generators
from tests.support.servers import local


@pytest.mark.parametrize("generator", [generators.typescript, generators.python], ids=["typescript", "python"])
def test_a_generated_client_gets_the_answers(
    api: Api, tmp_path: Path, generator: Callable[[Path, Mapping[str, str]], dict[str, Any]]
) -> None:
    store(api.database, [GivenSale(3, NOON - 60_000, "1000.5"), GivenSale(4, NOON - 60_000, "2")])
    store(api.database, [GivenRating(3, NOON - 60_000, "4.5")])
    try:
        answers = generator(tmp_path, {"API_HOST": api.url, "API_TOKEN": api.token()})
    except PartMissing as missing:
        local.skip_or_fail(missing)
    assert answers == {
        "sales": 1000.5,
        "all": 1002.5,
        "rating": 4.5,
        "points": 24,
        "problem": "urn:problem-type:product-analytics:unknown-product",
    }


def test_every_package_is_pinned_by_a_hash_and_names_no_registry() -> None:
    lock = json.loads((generators.HERE / "typescript/package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
    asked = json.loads((generators.HERE / "typescript/package.json").read_text())["devDependencies"]
    assert asked == {name: packages[f"node_modules/{name}"]["version"] for name in asked}
