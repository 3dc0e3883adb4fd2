"""The project's own processes, the API instances and the consumers, and their secrets."""

import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from scripts.certificates.local_authority import ensure, utc_now
from stack.errors import StackError
from stack.supervision.part import Part

ROOT = Path(__file__).parent.parent.parent
KEY_BYTES = 48
NAMES = ("localhost", "127.0.0.1", "::1")


def python(name: str, module: str, *arguments: str, env: Mapping[str, str]) -> Part:
    """A module of this project, run by the same Python; what it writes is not held back."""
    argv = (sys.executable, "-m", module, *arguments)
    return Part(name, argv, ROOT, {"PYTHONUNBUFFERED": "1", **env})


def api(number: int, port: int, env: Mapping[str, str]) -> Part:
    """The API instance of this number, counted from 1."""
    here = {"API_HOST": "127.0.0.1", "API_PORT": str(port), "TRUSTED_PROXIES": "127.0.0.1"}
    return python(f"api-{number}", "api", env={**env, **here})


def consumer(number: int, metrics_port: int, env: Mapping[str, str]) -> Part:
    """The consumer of this number, counted from 1."""
    metrics = {"METRICS_HOST": "127.0.0.1", "METRICS_PORT": str(metrics_port)}
    return python(f"consumer-{number}", "consumer", env={**env, **metrics})


def signing_key(folder: Path) -> None:
    """Generate the tokens' signing key in this folder, readable by its owner alone, unless it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "token_signing_key"
    if not key.exists():
        folder.chmod(0o700)
        key.touch(mode=0o600)
        key.write_text(secrets.token_urlsafe(KEY_BYTES))


def certificate(served: Path, authority: Path) -> None:
    """Make or renew a certificate for this machine, signed by a local authority. Raises StackError."""
    try:
        ensure(served, authority, NAMES, utc_now())
    except (OSError, ValueError) as error:
        raise StackError(f"no certificate for nginx in {served}: {error}; remove the folder for a new one") from error
