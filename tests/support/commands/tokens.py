"""`python -m scripts.tokens`, as a person runs it."""

import subprocess
import sys

from stack.drivers.client import READING
from tests.support import process


class Cli:
    """The command, with the settings of one API."""

    def __init__(self, settings: dict[str, str]) -> None:
        self._settings = settings

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "scripts.tokens", *arguments],
            cwd=process.ROOT,
            env={**self._settings, **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def issue(self, *arguments: str) -> str:
        """A new token; it may read everything unless scopes are given."""
        done = self("issue", *arguments, *(() if "--scope" in arguments else READING))
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()
