"""Prints how to use the stack of `make up`, once it is complete."""

import os
import shlex
import signal
from typing import Final

from scripts.common.console import LiteralConsole
from stack.assembly import ready
from stack.assembly.plan import Plan
from stack.drivers import client
from stack.drivers.expectations import RATINGS, SALES

_PUBLISH: Final = ".venv/bin/python -m scripts.publish"

_SETTINGS: Final = ("MONGODB_URI", "KAFKA_TOPIC_ID_CHECK")
"""What commands of another terminal need besides Kafka's address; the topic's name is the default one."""


def drive(plan: Plan, console: LiteralConsole) -> None:
    """Complete the stack; print its address, a token and the first commands; then block until SIGTERM or SIGINT.

    Raises StackError when a part does not answer or a command fails.
    """
    stop = {signal.SIGTERM, signal.SIGINT}
    bootstrap_servers = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
    ready.complete(plan, bootstrap_servers, console.print)
    token = client.new_token(console, "local")
    for line in lines(plan, bootstrap_servers, token):
        console.print(line)
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    signal.sigwait(stop)


def lines(plan: Plan, bootstrap_servers: str, token: str) -> tuple[str, ...]:
    """What a person learns of a stack that runs: its addresses, and commands to type in another terminal.

    Kafka's address is given, since the mock broker's is not in the plan. The settings that every command needs come
    first, as one line.
    """
    settings = {"KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers}
    settings |= {name: plan.environment[name] for name in _SETTINGS if name in plan.environment}
    return (
        f"The API is at {plan.url}, described at {plan.url}/docs",
        f"Its token: {token}",
        f"export {' '.join(f'{name}={shlex.quote(value)}' for name, value in settings.items())}",
        f"{_PUBLISH} sold --product 3 --units 10 --amount 1000 --wait",
        f"{_PUBLISH} rated --product 1 --rating 4.5 --category Software",
        ".venv/bin/python -m scripts.events find --product 3",
        client.curl(f"{plan.url}{SALES}/3", token, plan.authority),
        client.curl(f"{plan.url}{RATINGS}/1", token, plan.authority),
        "Ctrl-C stops everything; the data stay",
    )
