"""Programs of the system: found on the PATH, or installed by apt-get where this user may."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from stack.errors import PartMissing

Say = Callable[[str], None]

OTHERS_SECONDS = 120
"""How long apt-get waits for another that is installing something."""

# Debian keeps servers where an ordinary user's PATH does not look.
EXTRA_PATH = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def find(command: str) -> Path | None:
    """Where this program is, None if it is not installed."""
    folders = os.pathsep.join((os.environ.get("PATH", os.defpath), *EXTRA_PATH))
    found = shutil.which(command, path=folders)
    return Path(found) if found else None


def require(command: str, package: str, say: Say) -> Path:
    """Where this program is, after installing the package if need be.

    Raises PartMissing, whose message names the command that installs it, where this user may not.
    """
    found = find(command)
    if found is None:
        install(package, f"{command} is not installed", say)
        found = find(command)
    if found is None:
        raise PartMissing(f"{package} is installed, but brought no {command}")
    return found


def install(package: str, reason: str, say: Say) -> None:
    """Install the package. Raises PartMissing, with this reason and the command, where this user may not."""
    installer = find("apt-get") if os.geteuid() == 0 else None
    if installer is None:
        raise PartMissing(f"{reason}; as root: apt-get install {package}")
    say(f"installing {package} by apt-get")
    _install(installer, package)


def _install(apt_get: Path, package: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = (str(apt_get), "-qq", "-o", f"DPkg::Lock::Timeout={OTHERS_SECONDS}")
    for arguments in (("update",), ("install", "--yes", "--no-install-recommends", package)):
        result = subprocess.run(  # noqa: S603
            (*command, *arguments), env=environment, capture_output=True, text=True, check=False
        )
        # A package list that is out of date may still do; what cannot be installed cannot.
        if result.returncode and arguments[0] == "install":
            reason = (result.stderr.strip() or "no reason given").splitlines()[-1]
            raise PartMissing(f"apt-get could not install {package}: {reason}")
