"""Every Markdown file: its lines are short enough to read anywhere, and what it refers to is there."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.support.process import ROOT

LONGEST_LINE = 120
# .venv and .state hold others' files, which may come and go meanwhile.
FOLDERS = [path for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")]
FILES = sorted([*ROOT.glob("*.md"), *(file for folder in FOLDERS for file in folder.rglob("*.md"))])

CODE = {".py", ".sh", ".js", ".yml"}

_CODE = re.compile(r"`[^`]*`")
_LINK = re.compile(r"\[[^\[\]]*\]\(([^()\s]+)\)")
_HEADING = re.compile(r"#{1,6} (.+)")
_PATH = re.compile(r"`((?:api|bench|compose|consumer|docs|nginx|scripts|shared|stack|tests)/[\w./-]*)`")

every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))


def outside_code_blocks(file: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file with their numbers, without those of fenced and of indented blocks of code."""
    inside = False
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside and not line.startswith("    "):
            yield number, line


def anchors(file: Path) -> set[str]:
    """What a link may name after `#`: GitHub makes it of each heading, and numbers those that are alike."""
    names: Counter[str] = Counter()
    found = set()
    for _, line in outside_code_blocks(file):
        heading = _HEADING.fullmatch(line)
        if heading:
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1])
            name = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            found.add(f"{name}-{names[name]}" if names[name] else name)
            names[name] += 1
    return found


def links(file: Path) -> Iterator[str]:
    """The targets of links to files of this project. A link may go over the end of a line, not of a paragraph."""
    text = "\n".join(line for _, line in outside_code_blocks(file))
    for paragraph in text.split("\n\n"):
        for target in _LINK.findall(_CODE.sub("", paragraph)):
            if not re.match(r"[a-z]+:", target):
                yield unquote(target)


def is_there(file: Path, target: str) -> bool:
    """Whether a link of `file` leads to a file or a folder, and to a heading of it where it names one."""
    path, _, anchor = target.partition("#")
    found = (file.parent / path).resolve() if path else file
    return found.exists() and (not anchor or anchor in anchors(found))


def test_the_files_are_found() -> None:
    assert {ROOT / "README.md", ROOT / "docs/architecture.md"} <= set(FILES)


@every_file
def test_lines_of_prose_are_short(file: Path) -> None:
    long = [number for number, line in outside_code_blocks(file) if len(line) > LONGEST_LINE and line[:1] != "|"]
    assert not long, f"wrap these lines of {file.relative_to(ROOT)} at {LONGEST_LINE} columns: {long}"


@every_file
def test_links_lead_somewhere(file: Path) -> None:
    dead = [target for target in links(file) if not is_there(file, target)]
    assert not dead, f"{file.relative_to(ROOT)} links to what is not there: {dead}"


@every_file
def test_files_that_are_named_exist(file: Path) -> None:
    named = {name for _, line in outside_code_blocks(file) for name in _PATH.findall(line)}
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_pages_that_the_code_names_exist() -> None:
    packages = ("api", "bench", "compose", "consumer", "scripts", "shared", "stack", "tests")
    code = [path for package in packages for path in sorted((ROOT / package).rglob("*.*")) if path.suffix in CODE]
    named = {name for path in code for name in re.findall(r"\bdocs/[\w/-]+\.md", path.read_text())}
    assert len(named) > 5
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("operations/metrics.md", True),
        ("operations/metrics.md#metrics-of-the-api", True),
        ("operations", True),
        ("#operations", True),
        ("operations/metrics.md#metrics-of-nobody", False),
        ("operations/nobody.md", False),
        ("#nobody", False),
    ],
)
def test_a_dead_link_would_be_found(target: str, found: bool) -> None:
    assert is_there(ROOT / "docs/operations.md", target) is found
