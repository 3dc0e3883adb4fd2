"""The tokens' command, `python -m scripts.tokens`, run as a process."""

import subprocess
import sys

from stack.drivers.client import READING
from tests.support import process


class TokensCommand:
    """The command with the settings of one API; call it with the command line's arguments."""

    def __init__(self, settings: dict[str, str]) -> None:
        self._settings = settings

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end; `environment` are settings that differ."""
        return subprocess.run(
            [sys.executable, "-m", "scripts.tokens", *arguments],
            cwd=process.ROOT,
            env={**self._settings, **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def issue(self, *arguments: str) -> str:
        """Issue a token, which may read everything unless `--scope` is among the arguments. Returns the token."""
        done = self("issue", *arguments, *(() if "--scope" in arguments else READING))
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()
