"""How one part of the stack is run: its command, its environment, its working folder."""

import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """One process of the stack, not started yet."""

    name: str
    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def bound_argv(self) -> tuple[str, ...]:
        """The command, ended by the kernel when the thread that started it ends, where `setpriv` can be had.

        A supervisor killed with -9 cannot stop anything; this leaves nothing running even then.
        """
        setpriv = shutil.which("setpriv")
        return (setpriv, "--pdeathsig", "TERM", "--", *self.argv) if setpriv else self.argv

    @property
    def shell_command(self) -> str:
        """`bound_argv` for a shell that the part replaces, so that signals reach the part itself."""
        return "exec " + shlex.join(self.bound_argv)
