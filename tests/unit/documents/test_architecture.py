"""docs/architecture.md draws the services' wings as they import each other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.process import ROOT

ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()

each_service = pytest.mark.parametrize("service", ["consumer"])


def layers(service: str) -> list[set[str]]:
    """The drawn layers, the uppermost first: each the wings and modules that stand side by side."""
    drawn = re.search(rf"^```\n{service} +([a-z_ |]+\n(?: +[a-z_ |]+\n)+)```$", ARCHITECTURE, re.MULTILINE)
    assert drawn, f"the picture of the wings of {service} is gone"
    return [set(line.strip().split(" | ")) for line in drawn[1].splitlines()]


def imports(service: Path) -> Iterator[tuple[str, str]]:
    """Pairs of a service's wings, or of modules beside them, of which the first imports the second."""
    for path in service.rglob("*.py"):
        importer = path.relative_to(service).with_suffix("").parts[0]
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == service.name:
                within = (node.module or "").split(".")[1:2]
                for imported in within or [alias.name for alias in node.names]:
                    if imported != importer:
                        yield importer, imported


@each_service
def test_every_wing_is_drawn_once(service: str) -> None:
    there = {path.stem for path in (ROOT / service).iterdir() if path.is_dir() or path.suffix == ".py"}
    drawn = [name for layer in layers(service) for name in layer]
    assert sorted(drawn) == sorted(there - {"__init__", "__pycache__"})


@each_service
def test_every_wing_imports_only_wings_below_it(service: str) -> None:
    depth = {name: number for number, layer in enumerate(layers(service)) for name in layer}
    found = set(imports(ROOT / service))
    assert len(found) > 10
    assert {(one, other) for one, other in found if depth[one] >= depth[other]} == set()
