"""What a newcomer does with a running stack: publish, get a token, ask the API. By the project's own commands."""

import json
import re
import subprocess
import sys
from decimal import Decimal

import httpx
from rich.console import Console

from stack.errors import StackError

TOKEN = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+\b")
TOKEN_SHOWN = 12


def run_script(console: Console, *arguments: str) -> str:
    """Run `python -m …`, shown as a command; what it printed. Raises StackError when it fails."""
    console.print(f"[bold]$ python -m {' '.join(arguments)}[/bold]", soft_wrap=True)
    result = subprocess.run(  # noqa: S603
        (sys.executable, "-m", *arguments), capture_output=True, text=True, check=False
    )
    if result.returncode:
        reason = (result.stderr or result.stdout).strip()
        raise StackError(f"`python -m {' '.join(arguments)}` ended with {result.returncode}: {reason}")
    return result.stdout


def new_token(console: Console, name: str) -> str:
    """A bearer token for the API, of this name."""
    found = TOKEN.search(run_script(console, "scripts.tokens", "issue", "--name", name))
    if found is None:
        raise StackError("scripts.tokens printed no token")
    return found.group()


def shown(token: str) -> str:
    """As much of a token as is of no use to a reader of the terminal."""
    return f"{token[:TOKEN_SHOWN]}…"


class Api:
    """The API as a client sees it, through the load balancer."""

    def __init__(self, url: str, token: str) -> None:
        self._client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=10)
        self._command = f"curl -H 'Authorization: Bearer {shown(token)}' {url}"

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
