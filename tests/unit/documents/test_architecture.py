"""docs/architecture.md draws the consumer's wings as they import each other."""

import ast
import re
from collections.abc import Iterator

from tests.support.process import ROOT

ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()
CONSUMER = ROOT / "consumer"


def layers() -> list[set[str]]:
    """The drawn layers, the uppermost first: each the wings and modules that stand side by side."""
    drawn = re.search(r"^```\nconsumer +(__main__\n(?: +[a-z_ |]+\n)+)```$", ARCHITECTURE, re.MULTILINE)
    assert drawn, "the picture of the consumer's wings is gone"
    return [set(line.strip().split(" | ")) for line in drawn[1].splitlines()]


def imports() -> Iterator[tuple[str, str]]:
    """Pairs of the consumer's wings, or of modules beside them, of which the first imports the second."""
    for path in CONSUMER.rglob("*.py"):
        importer = path.relative_to(CONSUMER).with_suffix("").parts[0]
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "consumer":
                within = (node.module or "").split(".")[1:2]
                for imported in within or [alias.name for alias in node.names]:
                    if imported != importer:
                        yield importer, imported


def test_every_wing_is_drawn_once() -> None:
    there = {path.stem for path in CONSUMER.iterdir() if path.is_dir() or path.suffix == ".py"}
    drawn = [name for layer in layers() for name in layer]
    assert sorted(drawn) == sorted(there - {"__init__", "__pycache__"})


def test_every_wing_imports_only_wings_below_it() -> None:
    depth = {name: number for number, layer in enumerate(layers()) for name in layer}
    found = set(imports())
    assert len(found) > 10
    assert {(one, other) for one, other in found if depth[one] >= depth[other]} == set()
