"""What a newcomer does with a running stack, by the project's own commands: publish, get a token, ask the API."""

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

from scripts.common.console import LiteralConsole
from stack.errors import StackError

READING = ("--scope", "sales:read", "--scope", "ratings:read")
"""Options of `scripts.tokens issue` for a token that may read everything."""


def run_script(console: LiteralConsole, *arguments: str, into: str = "") -> str:
    """Run `python -m …` to its end, show it as a shell command, and return what it wrote to standard output.

    What it wrote to standard error is shown, too. With `into`, the shown command assigns its results to this shell
    variable. Raises StackError when the command fails.
    """
    command = f"python -m {shlex.join(arguments)}"
    shown = f"{into}=$({command})" if into else command
    console.print(f"$ {shown}", style="bold")
    # FORCE_COLOR says that this process writes to a terminal; the command writes to a pipe.
    environment = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"}
    result = subprocess.run(  # noqa: S603
        (sys.executable, "-m", *arguments), env=environment, capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise StackError(f"`{command}` ended with {result.returncode}: {(result.stderr or result.stdout).strip()}")
    console.lines(result.stderr.strip())
    return result.stdout.strip()


def new_token(console: LiteralConsole, name: str) -> str:
    """Issue a bearer token that may read everything, and return it. Raises StackError when the command fails."""
    return run_script(console, "scripts.tokens", "issue", "--name", name, *READING, into="TOKEN")


def curl(url: str, token: str, authority: Path | None) -> str:
    """Return the shell command that asks for `url`, as a person types it in the current folder."""
    trust = f" --cacert {shlex.quote(_nearest(authority))}" if authority else ""
    return f'curl{trust} -H "Authorization: Bearer {token}" {url}'


def _nearest(file: Path) -> str:
    """Return the file's path relative to the current folder, if the file lies below it."""
    return str(file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file)


class Api:
    """The API as a client sees it, at the load balancer. A context manager: its end closes the connections.

    `authority` is the certificate that the client trusts; with None it trusts the system's authorities.
    """

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

    def show(self, console: LiteralConsole, path: str) -> None:
        """Ask for `path`, and print the request as a command and its answer.

        The command names the token's variable, since other people may see a terminal or read its saved output.
        Raises httpx.TransportError when there is no answer.
        """
        command = curl(f"{self._url}{path}", "$TOKEN", self._authority)
        console.print(f"$ {command}", style="bold")
        console.print(self._client.get(path).text)

    def value(self, path: str, member: str) -> Decimal | None:
        """Ask for `path` and return the number `member` of the answer, with every digit.

        None if the API does not answer, answers with an error, or answers null.
        """
        try:
            response = self._client.get(path)
        except httpx.TransportError:
            return None
        if not response.is_success:
            return None
        number = json.loads(response.text, parse_float=Decimal, parse_int=Decimal)[member]
        return number if isinstance(number, Decimal) else None
