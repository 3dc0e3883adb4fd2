"""Generates a client of the API by a public generator, and runs a program that uses the client."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from filelock import FileLock

from bench.peers.programs import peer_python
from stack.errors import PartMissing
from stack.settings import StackSettings
from tests.support.process import ROOT

HERE: Final = Path(__file__).parent
OPENAPI: Final = ROOT / "docs/openapi.json"
TIMEOUT: Final = 240
"""Seconds that one command may take. An installation takes 25 on a busy machine, a compilation 10."""


def _cache() -> Path:
    """Where the environments are kept from run to run."""
    folder = StackSettings().state.resolve() / "generated-clients"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run(*command: str | Path, folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """What a command prints. Raises AssertionError, with all that it printed, when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder, env=os.environ | dict(environment or {}), capture_output=True, text=True, check=False,
        timeout=TIMEOUT,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def typescript(folder: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """What use.ts prints, compiled with the types that openapi-typescript generates. Raises PartMissing."""
    modules = _node_modules()
    for name in ("use.ts", "tsconfig.json", "package.json"):
        shutil.copy(HERE / "typescript" / name, folder)
    (folder / "node_modules").symlink_to(modules)
    run(modules / ".bin/openapi-typescript", OPENAPI, "--output", "api.ts", folder=folder)
    run(modules / ".bin/tsc", folder=folder)
    answers: dict[str, Any] = json.loads(run("node", "built/use.js", folder=folder, environment=environment))
    return answers


def python(folder: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """What use.py prints, with the package that openapi-python-client generates. Raises PartMissing."""
    cache = _cache()
    with FileLock(cache / "python.lock"):
        interpreter = peer_python("generated-client.txt", cache, lambda text: None)
    programs = f"{interpreter.parent}{os.pathsep}{os.environ['PATH']}"  # the generator formats its code by ruff
    generator = (interpreter.parent / "openapi-python-client", "generate", "--fail-on-warning", "--meta", "none")
    target = ("--path", OPENAPI, "--output-path", folder / "product_analytics")
    run(*generator, *target, folder=folder, environment={"PATH": programs})
    run(interpreter, "-W", "error", "-m", "compileall", "-q", "product_analytics", folder=folder)
    shutil.copy(HERE / "use.py", folder)
    answers: dict[str, Any] = json.loads(run(interpreter, "use.py", folder=folder, environment=environment))
    return answers


def _node_modules() -> Path:
    """The folder of the packages that package-lock.json pins, installed on first use. Raises PartMissing."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise PartMissing(f"{program} is not on this machine, so no TypeScript client can be compiled and run")
    lock = HERE / "typescript/package-lock.json"
    cache = _cache()
    folder = cache / f"node-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    with FileLock(cache / "node.lock"):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / "typescript" / name, folder)
            try:
                run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", folder=folder)
            except AssertionError as failed:
                raise PartMissing(f"npm cannot install openapi-typescript: {failed}") from None
            (folder / "complete").touch()
    return folder / "node_modules"
