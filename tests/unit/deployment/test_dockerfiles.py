"""The Dockerfiles, checked without building: rules, copied files, and that these files suffice to run."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.support.process import ROOT

SERVICES = ("api", "consumer")
OWN = {"api", "consumer", "shared", "scripts"}
PROBE = ROOT / "scripts" / "healthcheck.py"

Instruction = tuple[str, str]


def instructions(service: str) -> list[Instruction]:
    """Each instruction with its arguments, without comments, with continued lines joined."""
    text = (ROOT / f"Dockerfile.{service}").read_text()
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [
        (name.upper(), rest.strip()) for name, _, rest in (line.partition(" ") for line in joined.splitlines() if line)
    ]


def last_stage(service: str) -> list[Instruction]:
    found = instructions(service)
    return found[max(index for index, (name, _) in enumerate(found) if name == "FROM") :]


def arguments(found: list[Instruction], name: str) -> list[str]:
    return [rest for instruction, rest in found if instruction == name]


def copied(service: str) -> dict[Path, Path]:
    """Files of the project that the last stage copies, and their paths in the image, relative to /app."""
    files = {}
    for rest in arguments(last_stage(service), "COPY"):
        if rest.startswith("--from="):
            continue
        *sources, target = rest.split()
        for source in sources:
            paths = list(ROOT.glob(source.rstrip("/")))
            assert paths, f"Dockerfile.{service} copies {source}, which does not exist"
            for path in paths:
                within = path.rglob("*.py") if path.is_dir() else [path]
                files.update(
                    {file: Path(target) / file.relative_to(path if path.is_dir() else path.parent) for file in within}
                )
    return files


@pytest.mark.parametrize("service", SERVICES)
def test_hadolint_has_nothing_to_say(service: str) -> None:
    program = shutil.which("hadolint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        pytest.skip("hadolint is not installed; it comes with requirements/dev.txt")
    ended = subprocess.run(
        [program, "--no-color", f"Dockerfile.{service}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_the_base_is_an_argument_whose_default_is_pinned(service: str) -> None:
    found = instructions(service)
    assert found[0] == ("ARG", "PYTHON_IMAGE=python:3.13-slim")
    assert {base.partition(" ")[0] for base in arguments(found, "FROM")} == {"${PYTHON_IMAGE}"}
    assert len(arguments(found, "FROM")) == 2, "one stage installs, the other runs"


@pytest.mark.parametrize("service", SERVICES)
def test_packages_are_pinned_by_hash_and_leave_no_cache(service: str) -> None:
    [install] = [rest for rest in arguments(instructions(service), "RUN") if " install " in rest]
    for option in ("--require-hashes", "--no-cache-dir", "--only-binary :all:", "--requirement /tmp/requirements.txt"):
        assert option in install
    assert f"requirements/{service}.txt /tmp/requirements.txt" in arguments(instructions(service), "COPY")


@pytest.mark.parametrize("service", SERVICES)
def test_it_runs_as_a_numbered_user_who_is_not_root(service: str) -> None:
    [user] = arguments(last_stage(service), "USER")
    assert re.fullmatch(r"[1-9][0-9]{3,}:[1-9][0-9]{3,}", user)
    names = [name for name, _ in last_stage(service)]
    assert "RUN" not in names[names.index("USER") :]
    assert not any(rest.startswith("--chown") for rest in arguments(last_stage(service), "COPY")), (
        "the code is not its user's"
    )


@pytest.mark.parametrize("service", SERVICES)
def test_commands_are_in_exec_form_so_that_signals_reach_the_process(service: str) -> None:
    [command] = arguments(last_stage(service), "CMD")
    assert json.loads(command) == ["python", "-m", service]
    [check] = arguments(last_stage(service), "HEALTHCHECK")
    assert isinstance(json.loads(check.partition(" CMD ")[2]), list)


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_is_added_and_no_secret_is_set(service: str) -> None:
    found = instructions(service)
    assert not arguments(found, "ADD")
    assert not re.search(r"(?i)password|secret|key|token", " ".join(arguments(found, "ENV") + arguments(found, "ARG")))


@pytest.mark.parametrize("service", SERVICES)
def test_python_leaves_no_files_and_no_output_behind(service: str) -> None:
    environment = " ".join(arguments(last_stage(service), "ENV"))
    assert "PYTHONDONTWRITEBYTECODE=1" in environment
    assert "PYTHONUNBUFFERED=1" in environment


@pytest.mark.parametrize("service", SERVICES)
def test_the_build_context_holds_what_is_copied_and_nothing_else(service: str) -> None:
    for file in [*copied(service), ROOT / "requirements" / f"{service}.txt"]:
        assert not ignored(file.relative_to(ROOT)), file
    for name in (".env", ".git/config", "secrets/token_signing_key", ".venv/bin/python", "tests/conftest.py"):
        assert ignored(Path(name)), name


def ignored(path: Path) -> bool:
    """Whether .dockerignore leaves the path out: the last line that matches it or a folder above it decides."""
    verdict = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!").removeprefix("**/")
            if any(fnmatch(str(part), pattern) or fnmatch(part.name, pattern) for part in (path, *path.parents[:-1])):
                verdict = not line.startswith("!")
    return verdict


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_copied_imports_only_what_is_there(service: str) -> None:
    files = copied(service)
    modules = {str(target.with_suffix("")).replace(os.sep, ".").removesuffix(".__init__") for target in files.values()}
    installed = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / f"requirements/{service}.txt").read_text(), re.MULTILINE))
    distributions = packages_distributions()
    for file in files:
        for name in imported(file):
            top = name.partition(".")[0]
            if top in OWN:
                assert name in modules, (
                    f"{file.relative_to(ROOT)} imports {name}, which Dockerfile.{service} does not copy"
                )
            elif top not in sys.stdlib_module_names:
                owners = {owner.lower().replace("_", "-") for owner in distributions[top]}
                assert owners & installed, f"{file.relative_to(ROOT)} imports {top}: not in requirements/{service}.txt"


def test_every_script_is_in_one_of_the_images() -> None:
    commands = set((ROOT / "scripts").glob("*.py"))
    assert commands <= copied("api").keys() | copied("consumer").keys()


def imported(file: Path) -> Iterator[str]:
    """The full names of the modules that a file imports."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            folder = ROOT / node.module.replace(".", os.sep)
            for alias in node.names:
                is_module = (folder / f"{alias.name}.py").exists() or (folder / alias.name / "__init__.py").exists()
                yield f"{node.module}.{alias.name}" if is_module else node.module


@pytest.mark.parametrize("service", SERVICES)
def test_the_health_check_asks_the_service_s_own_port(service: str) -> None:
    [check] = arguments(last_stage(service), "HEALTHCHECK")
    program, script, variable, path, *metric = json.loads(check.partition(" CMD ")[2])
    assert program == "python"
    assert ROOT / script == PROBE
    assert PROBE in copied(service)
    assert path.startswith("/")
    assert metric == ([] if service == "api" else ["consumer_polled_at_seconds", "30"])
    [port] = arguments(last_stage(service), "EXPOSE")
    assert f"{variable}={port}" in " ".join(arguments(last_stage(service), "ENV"))
