"""Prints how to use the stack of `make up`, once it is complete."""

import os
import signal

from scripts.common.console import LiteralConsole
from stack.assembly import ready
from stack.assembly.plan import Plan
from stack.drivers import client
from stack.drivers.expectations import RATINGS, SALES


def drive(plan: Plan, console: LiteralConsole) -> None:
    """Complete the stack; print its address, a token and the first commands; then block until SIGTERM or SIGINT.

    Raises StackError when a part does not answer or a command fails.
    """
    stop = {signal.SIGTERM, signal.SIGINT}
    bootstrap_servers = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
    ready.complete(plan, bootstrap_servers, console.print)
    token = client.new_token(console, "local")
    publish = f"KAFKA_BOOTSTRAP_SERVERS={bootstrap_servers} .venv/bin/python -m scripts.publish"
    for line in (
        f"The API is at {plan.url}, described at {plan.url}/docs",
        f"Its token: {token}",
        f"{publish} sold --product 3 --units 10 --amount 1000",
        f"{publish} rated --product 1 --rating 4.5 --category Software",
        client.curl(f"{plan.url}{SALES}/3", token, plan.authority),
        client.curl(f"{plan.url}{RATINGS}/1", token, plan.authority),
        "Ctrl-C stops everything; the data stay",
    ):
        console.print(line)
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    signal.sigwait(stop)
