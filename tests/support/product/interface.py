"""The product as clients and operators meet it: through its load balancer, as processes or as containers."""

import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

import httpx

from stack.waiting import wait_until

Program = Literal["nginx", "api", "consumer"]


class Product(Protocol):
    """A running product: `system.System` has it as processes, `project.Project` as containers."""

    @property
    def url(self) -> str:
        """The address that clients ask, by TLS."""

    @property
    def redirect_url(self) -> str:
        """The address that answers plain HTTP with a redirect."""

    @property
    def port(self) -> int:
        """The port of `url`, on this machine."""

    @property
    def authority(self) -> Path:
        """Certificate of the authority that signed the load balancer's."""

    @property
    def networks(self) -> Sequence[str]:
        """Networks from which this machine's requests come, as the load balancer sees them."""

    @property
    def instances(self) -> Sequence[str]:
        """`host:port` of each API instance, as the load balancer asks it."""

    def tokens(self, *arguments: str) -> str:
        """Run `python -m scripts.tokens …` to its end. Returns what it printed."""

    def publish(self, *arguments: str, given: bytes | None = None) -> str:
        """Run `python -m scripts.publish …` to its end, with `given` as its input. Returns what it printed."""

    def log(self, program: Program) -> str:
        """What the processes of this program have written so far."""


def trust(product: Product) -> ssl.SSLContext:
    """A context that trusts the load balancer's authority and no other."""
    return ssl.create_default_context(cafile=product.authority)


def client_of(product: Product, token: str) -> httpx.Client:
    """A client of the load balancer that sends this token. The caller closes it."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=product.url, headers=headers, timeout=15, verify=trust(product))


def wait_for_log(product: Product, program: Program, text: str) -> None:
    """Wait until a process of this program has written the text."""
    wait_until(f"{text!r} in the log of {program}", lambda: text in product.log(program), 30)
