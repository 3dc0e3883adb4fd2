"""How one part of the stack is run: its command, its environment, its working folder."""

import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """One process of the stack, not started yet.

    `env` adds to the environment of whoever starts it. `env_files` are variables whose value another part writes to a
    file; the start waits for the files.
    """

    name: str
    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    env_files: Mapping[str, Path] = field(default_factory=dict)

    @property
    def bound_argv(self) -> tuple[str, ...]:
        """The command, ended by the kernel when the thread that started it ends, where `setpriv` can be had.

        A supervisor killed with -9 cannot stop anything; this leaves nothing running even then.
        """
        setpriv = shutil.which("setpriv")
        return (setpriv, "--pdeathsig", "TERM", "--", *self.argv) if setpriv else self.argv

    def shell_command(self, log: Path | None = None) -> str:
        """`bound_argv` for a shell that the part replaces, so that signals reach the part itself.

        With `log`, what the part writes goes to the end of this file.
        """
        waits = (
            f"until [ -s {quoted} ]; do sleep 0.1; done; export {name}=$(cat {quoted});"
            for name, quoted in ((name, shlex.quote(str(file))) for name, file in self.env_files.items())
        )
        output = f" >>{shlex.quote(str(log))} 2>&1" if log else ""
        return " ".join((*waits, "exec", shlex.join(self.bound_argv))) + output
