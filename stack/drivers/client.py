"""What a newcomer does with a running stack: publish, get a token, ask the API. By the project's own commands."""

import json
import os
import shlex
import ssl
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Self

import httpx
from rich.console import Console

from stack.errors import StackError

READING = ("--scope", "sales:read", "--scope", "ratings:read")


def run_script(console: Console, *arguments: str, into: str = "") -> str:
    """Run `python -m …` and show it as a command with its messages; its results. Raises StackError when it fails.

    `into` is the shell variable to which the command, as it is shown, gives its results.
    """
    command = f"python -m {shlex.join(arguments)}"
    shown = f"{into}=$({command})" if into else command
    console.print(f"[bold]$ {shown}[/bold]", soft_wrap=True, highlight=False)
    # It writes to a pipe, not to the terminal that this process was told of.
    environment = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"}
    result = subprocess.run(  # noqa: S603
        (sys.executable, "-m", *arguments), env=environment, capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise StackError(f"`{command}` ended with {result.returncode}: {(result.stderr or result.stdout).strip()}")
    console.print(result.stderr.strip(), markup=False, soft_wrap=True)
    return result.stdout.strip()


def new_token(console: Console, name: str) -> str:
    """A bearer token for the API, of this name, that may read everything."""
    return run_script(console, "scripts.tokens", "issue", "--name", name, *READING, into="TOKEN")


def curl(url: str, token: str, authority: Path | None) -> str:
    """The command that asks for `url`, as a person types it in this folder."""
    trust = f" --cacert {shlex.quote(_nearest(authority))}" if authority else ""
    return f'curl{trust} -H "Authorization: Bearer {token}" {url}'


def _nearest(file: Path) -> str:
    """Relative to this folder if it is below it."""
    return str(file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file)


class Api:
    """The API as a client sees it, through the load balancer; a context, at whose end its connections are closed."""

    def __init__(self, url: str, token: str, authority: Path | None) -> None:
        trusted = ssl.create_default_context(cafile=authority)
        self._url = url
        self._authority = authority
        self._client = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=10, verify=trusted
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def show(self, console: Console, path: str) -> None:
        """Print a request as a command, and its answer. The token is a variable: terminals are seen and kept."""
        command = curl(f"{self._url}{path}", "$TOKEN", self._authority)
        console.print(f"[bold]$ {command}[/bold]", soft_wrap=True, highlight=False)
        console.print(self._client.get(path).text, soft_wrap=True, markup=False)

    def value(self, path: str, member: str) -> Decimal | None:
        """A number of the answer, every digit kept; None where there is none, whatever the reason."""
        try:
            response = self._client.get(path)
        except httpx.TransportError:
            return None
        if not response.is_success:
            return None
        number = json.loads(response.text, parse_float=Decimal, parse_int=Decimal)[member]
        return number if isinstance(number, Decimal) else None
