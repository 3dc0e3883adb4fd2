"""The product has one version, and everything that names it names the same."""

import json
import re
import tomllib

from api.web import documentation
from tests.support.process import ROOT


def test_the_interface_has_the_products_version() -> None:
    product = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    interface = json.loads((ROOT / "docs/openapi.json").read_text())["info"]["version"]
    assert (documentation.VERSION, interface) == (product, product)


def test_the_changelog_tells_of_the_version() -> None:
    product = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    releases = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    assert product in releases
