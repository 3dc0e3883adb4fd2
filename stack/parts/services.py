"""The project's own processes, which are API instances and consumers, with their signing key and certificate."""

import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from scripts.certificates.local_authority import ensure, utc_now
from stack.errors import StackError
from stack.supervision.part import Part

ROOT = Path(__file__).parent.parent.parent
KEY_BYTES = 48
"""Random bytes of a new signing key: 384 bits, written as 64 characters.

Half of it, 32 characters, would be the shortest key that the API accepts. Twice of it would be no safer, since HS256
signs by 256 bits.
"""

NAMES = ("localhost", "127.0.0.1", "::1")


def python(name: str, module: str, *arguments: str, env: Mapping[str, str]) -> Part:
    """Return the part that runs a module of this project by the same Python, with `env` added to the environment.

    Its output is not buffered, so that each line is seen when it is written.
    """
    argv = (sys.executable, "-m", module, *arguments)
    return Part(name, argv, ROOT, {"PYTHONUNBUFFERED": "1", **env})


def api(number: int, port: int, env: Mapping[str, str]) -> Part:
    """Return the API instance `number`, counted from 1, which listens on `port` of 127.0.0.1."""
    here = {"API_HOST": "127.0.0.1", "API_PORT": str(port), "TRUSTED_PROXIES": "127.0.0.1"}
    return python(f"api-{number}", "api", env={**env, **here})


def consumer(number: int, metrics_port: int, env: Mapping[str, str]) -> Part:
    """Return the consumer `number`, counted from 1, whose metrics are on `metrics_port` of 127.0.0.1."""
    metrics = {"METRICS_HOST": "127.0.0.1", "METRICS_PORT": str(metrics_port)}
    return python(f"consumer-{number}", "consumer", env={**env, **metrics})


def signing_key(folder: Path) -> None:
    """Make the key that signs tokens, in this folder, unless it is there. Only its owner may read it (mode 0600)."""
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "token_signing_key"
    if not key.exists():
        folder.chmod(0o700)
        key.touch(mode=0o600)
        key.write_text(secrets.token_urlsafe(KEY_BYTES))


def certificate(served: Path, authority: Path) -> None:
    """Make a certificate for this machine, or renew it, in the folder `served`.

    A local authority signs it, whose key lies in the folder `authority`. Raises StackError when a folder cannot be read
    or written, or holds something that is no certificate.
    """
    try:
        ensure(served, authority, NAMES, utc_now())
    except (OSError, ValueError) as error:
        raise StackError(f"no certificate for nginx in {served}: {error}; remove the folder for a new one") from error
