"""Finds programs of the system on the PATH, or installs them by apt-get where this user may."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from stack.errors import PartMissing

Say = Callable[[str], None]
"""Shows a line of text to the person who started the stack; `print`, for example."""

LOCK_SECONDS = 120
"""How long apt-get waits while another process installs something, in seconds.

Two runs of the tests may install the same package at once; the second then finds it installed. With half of it, the
second run gives up while a large package (Java) is still being fetched over a slow network; with twice of it, a person
waits four minutes where the other process hangs.
"""

EXTRA_PATH = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Where Debian keeps servers such as nginx; an ordinary user's PATH does not name these folders."""


def find(command: str) -> Path | None:
    """Return where this program is, or None if it is not installed."""
    folders = os.pathsep.join((os.environ.get("PATH", os.defpath), *EXTRA_PATH))
    found = shutil.which(command, path=folders)
    return Path(found) if found else None


def require(command: str, package: str, say: Say) -> Path:
    """Return where this program is; install its package first if the program is not there.

    Blocks while apt-get works. Raises PartMissing where this user may not install anything; the message names the
    command that installs the package.
    """
    found = find(command)
    if found is None:
        install(package, f"{command} is not installed", say)
        found = find(command)
    if found is None:
        raise PartMissing(f"{package} is installed, but it has no program {command}")
    return found


def install(package: str, reason: str, say: Say) -> None:
    """Install the package. Blocks while apt-get works.

    Raises PartMissing where this user may not, with `reason` (why the package is needed) and the command to run as
    root, or where apt-get fails, with apt-get's reason.
    """
    installer = find("apt-get") if os.geteuid() == 0 else None
    if installer is None:
        raise PartMissing(f"{reason}; as root: apt-get install {package}")
    say(f"installing {package} by apt-get")
    _install(installer, package)


def _install(apt_get: Path, package: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = (str(apt_get), "-qq", "-o", f"DPkg::Lock::Timeout={LOCK_SECONDS}")
    for arguments in (("update",), ("install", "--yes", "--no-install-recommends", package)):
        result = subprocess.run(  # noqa: S603
            (*command, *arguments), env=environment, capture_output=True, text=True, check=False
        )
        # A failed `update` is no error yet: the package may be found in the lists that are there.
        if result.returncode and arguments[0] == "install":
            reason = (result.stderr.strip() or "no reason given").splitlines()[-1]
            raise PartMissing(f"apt-get could not install {package}: {reason}")
