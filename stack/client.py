"""What a newcomer does with a running stack: publish, get a token, ask the API. By the project's own commands."""

import json
import os
import shlex
import subprocess
import sys
from decimal import Decimal
from typing import Self

import httpx
from rich.console import Console

from stack.errors import StackError

TOKEN_SHOWN = 12


def run_script(console: Console, *arguments: str) -> str:
    """Run `python -m …` and show it as a command with its messages; its results. Raises StackError when it fails."""
    command = f"python -m {shlex.join(arguments)}"
    console.print(f"[bold]$ {command}[/bold]", soft_wrap=True)
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
    """A bearer token for the API, of this name."""
    return run_script(console, "scripts.tokens", "issue", "--name", name)


def shown(token: str) -> str:
    """As much of a token as is of no use to a reader of the terminal."""
    return f"{token[:TOKEN_SHOWN]}…"


class Api:
    """The API as a client sees it, through the load balancer; a context, at whose end its connections are closed."""

    def __init__(self, url: str, token: str) -> None:
        self._client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=10)
        self._command = f"curl -H 'Authorization: Bearer {shown(token)}' {url}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def show(self, console: Console, path: str) -> None:
        """Print a request as a command, and its answer."""
        console.print(f"[bold]$ {self._command}{path}[/bold]", soft_wrap=True, highlight=False)
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
