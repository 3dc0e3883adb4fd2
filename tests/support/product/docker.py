"""What tests ask of a Docker engine, by the command `docker`. All fail the test, with its messages, when it fails."""

import json
import subprocess
from collections.abc import Sequence
from typing import Any

COMMAND_SECONDS = 180.0
"""How long a command may take; `docker compose up` waits for everything to be healthy."""


def docker(*arguments: str) -> str:
    """Run `docker …` to its end. Returns what it printed to standard output."""
    return _run(arguments).stdout.strip()


def written(container: str) -> str:
    """What the container's processes have written to standard output and error."""
    ended = _run(("logs", container))
    return ended.stdout + ended.stderr


def _run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    command = ("docker", *arguments)
    # A container's log may hold any bytes: nginx logs a request's address as it came.
    ended = subprocess.run(
        command, capture_output=True, text=True, errors="backslashreplace", timeout=COMMAND_SECONDS, check=False
    )
    assert ended.returncode == 0, f"docker {' '.join(arguments)}: {ended.stderr}"
    return ended


def inspect(what: str) -> dict[str, Any]:
    """What `docker inspect` says of a container or an image."""
    (found,) = json.loads(docker("inspect", what))
    return dict(found)


def health(container: str) -> str:
    """The container's health: `healthy`, `unhealthy` or `starting`."""
    return str(inspect(container)["State"]["Health"]["Status"])


def addresses(container: str) -> list[str]:
    """The container's address on each of its networks, in the order of their names."""
    networks = inspect(container)["NetworkSettings"]["Networks"]
    return [str(network["IPAddress"]) for _, network in sorted(networks.items())]
