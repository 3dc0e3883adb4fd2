"""What it takes to start one part of the stack: its command, its environment, its working folder."""

import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """One process of the stack, not started yet: its name, its command, its working folder `cwd`.

    `env` is added to the environment of the process that starts the part. `env_files` names variables whose value
    another part writes into a file: the mock broker writes its address so. The start waits until the files have
    content; it has no time limit, since the supervisor ends it when any part ends.
    """

    name: str
    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    env_files: Mapping[str, Path] = field(default_factory=dict)

    @property
    def bound_argv(self) -> tuple[str, ...]:
        """The command, which the kernel ends (SIGTERM) when the thread that starts it ends.

        A supervisor that is killed with -9 cannot stop anything; its parts end all the same. Where this machine has no
        `setpriv` it is the plain command, and such parts go on.
        """
        return _bound(self.argv)

    def shell_command(self, log: Path | None = None) -> str:
        """The command for a shell: it waits for `env_files`, then the part takes the shell's place.

        So a signal for the shell's process reaches the part, and the kernel ends the part as it ends `bound_argv`, also
        while it waits. With `log`, the part's output is added to this file.
        """
        waits = (
            f"until [ -s {quoted} ]; do sleep 0.1; done; export {name}=$(cat {quoted});"
            for name, quoted in ((name, shlex.quote(str(file))) for name, file in self.env_files.items())
        )
        script = " ".join((*waits, "exec", shlex.join(self.argv)))
        output = f" >>{shlex.quote(str(log))} 2>&1" if log else ""
        return f"exec {shlex.join(_bound(('sh', '-c', script)))}{output}"


def _bound(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The command, started by `setpriv`, which lasts for all programs that take the place of the first."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM", "--", *argv) if setpriv else argv
