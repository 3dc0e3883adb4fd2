"""docs/architecture.md draws the services' wings in the layers that import-linter holds them to."""

import re
import tomllib

import pytest

from tests.support.process import ROOT

ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
WINGS = {
    contract["containers"][0]: contract["layers"]
    for contract in CONTRACTS
    if contract.get("containers") in (["api"], ["consumer"])
}


@pytest.mark.parametrize("service", WINGS)
def test_the_wings_are_drawn_as_they_may_import_each_other(service: str) -> None:
    drawn = re.search(rf"^```\n{service} +([a-z_ |]+\n(?: +[a-z_ |]+\n)+)```$", ARCHITECTURE, re.MULTILINE)
    assert drawn, f"the picture of the wings of {service} is gone"
    assert [line.strip() for line in drawn[1].splitlines()] == WINGS[service]
