"""Nothing in `scripts` and `stack` prints but by `scripts.common.console`, which makes every text literal."""

import ast
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

import pytest
from typer.main import get_command

from scripts.common.commands import LiteralCommand, LiteralGroup
from tests.support.process import ROOT

MODULES = sorted([*(ROOT / "scripts").rglob("*.py"), *(ROOT / "stack").rglob("*.py")])
OWN = ROOT / "scripts/common/console.py"
ALLOWED: Mapping[str, set[str]] = {
    "scripts/common/commands.py": {"typer.Typer"},  # makes the applications, with classes that report literally
    "stack/supervision/supervisor.py": {"sys.stdout"},  # passes on what the parts write, as it is
    "stack/run.py": {"console.file"},  # the same
}
"""What a module may use although it prints, and why."""
RAW_CALLS = {"print", "input", "breakpoint"}
RAW_NAMES = {
    "typer.echo",
    "typer.secho",
    "typer.confirm",
    "typer.prompt",
    "typer.progressbar",
    "typer.Typer",
    "sys.stdout",
    "sys.stderr",
    "sys.__stdout__",
    "sys.__stderr__",
    "os.write",
}
RAW_METHODS = {"out", "log", "print_json", "print_exception", "status", "file"}
"""What a console of rich has besides `print`, and which does not make texts literal."""
PROGRESS = {"BarColumn", "MofNCompleteColumn", "Progress", "SpinnerColumn", "TextColumn", "TimeRemainingColumn"}


def prints_past_the_console(source: str) -> Iterator[str]:
    """What in this source prints, or could print, a text that is not literal."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from unfit_imports(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield from unfit_calls(node.func.id, {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords})
        elif isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value).removeprefix("self._")
            is_console = owner in ("console", "messages", "output") and node.attr in RAW_METHODS
            if is_console or f"{owner}.{node.attr}" in RAW_NAMES:
                yield f"{owner}.{node.attr}"


def unfit_imports(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        imported = [name.name for name in node.names]
    else:
        imported = [f"{node.module}.{name.name}" for name in node.names]
    for name in imported:
        package, _, last = name.rpartition(".")
        of_rich = name.partition(".")[0] in ("rich", "click") and not (package == "rich.progress" and last in PROGRESS)
        if of_rich or name in RAW_NAMES:
            yield name


def unfit_calls(name: str, keywords: Mapping[str | None, str]) -> Iterator[str]:
    if name in RAW_CALLS:
        yield f"{name}()"
    elif name == "TextColumn" and keywords.get("markup") != "False":
        yield "TextColumn with markup"


@pytest.mark.parametrize("module", [file for file in MODULES if file != OWN], ids=lambda file: str(file.name))
def test_no_module_prints_past_the_console(module: Path) -> None:
    name = str(module.relative_to(ROOT))
    found = set(prints_past_the_console(module.read_text())) - ALLOWED.get(name, set())
    assert not found, f"{name} uses {sorted(found)}: print by scripts.common.console, which makes foreign text literal"


@pytest.mark.parametrize(
    "source",
    [
        "print(name)",
        "input(name)",
        "typer.echo(name)",
        "typer.secho(name)",
        "typer.confirm(name)",
        "import sys\nsys.stdout.write(name)",
        "from sys import stdout",
        "from typer import echo",
        "from rich.console import Console",
        "from rich.table import Table",
        "from rich import print",
        "import rich",
        "import click",
        "app = typer.Typer()",
        "console.out(name)",
        "messages.log(name)",
        "self._console.file.write(name)",
        "TextColumn('[red]{task.description}')",
    ],
)
def test_what_prints_otherwise_is_found(source: str) -> None:
    assert list(prints_past_the_console(source))


@pytest.mark.parametrize("source", ["messages.print(name)", "output.table(a, b)", "TextColumn('x', markup=False)"])
def test_what_prints_by_the_console_is_not(source: str) -> None:
    assert not list(prints_past_the_console(source))


@pytest.mark.parametrize(
    "module",
    [
        *(f"scripts.{file.parent.name}" for file in MODULES if file.name == "__main__.py" and "scripts" in file.parts),
        "stack",
    ],
)
def test_each_command_reports_wrong_usage_literally(module: str) -> None:
    command = get_command(import_module(f"{module}.__main__").app)
    assert isinstance(command, LiteralGroup | LiteralCommand)
