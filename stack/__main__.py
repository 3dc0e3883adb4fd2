"""The commands of the local stack: `demo` shows the system at work and ends, `up` starts it and stays.

The hidden commands are processes that the stack starts itself. Each command imports what it needs when it is called:
several of them start at once, and each would load the slow modules of all the others.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from scripts.common.commands import application
from scripts.common.console import LiteralConsole
from stack.errors import StackError
from stack.settings import StackSettings

app = application("The whole system on this machine.")
console = LiteralConsole()
Count = Annotated[int, typer.Option(min=1, max=50)]
"""A number of instances, at most 50.

The default ports of API instances and of consumers' metrics are 100 apart, so twice as many would just fit. Half as
many would still be more consumers than the topic has partitions (12).
"""


@app.command()
def demo() -> None:
    """Start everything, publish events, ask the API through the load balancer, compare, stop everything."""
    from stack import run

    _exit(lambda: run.demo(_settings(), console))


@app.command()
def up(api: Count = 2, consumer: Count = 2) -> None:
    """Start everything and stay until Ctrl-C; the data stay for the next time."""
    from stack import run

    _exit(lambda: run.up(_settings(), api, consumer, console))


@app.command(hidden=True)
def drive_demo(plan: Path) -> None:
    """Run the demonstration beside the parts."""
    from stack.assembly.plan import Plan
    from stack.drivers.demo import drive

    _exit(lambda: drive(Plan.load(plan), console))


@app.command(hidden=True)
def drive_up(plan: Path) -> None:
    """Print how to use the stack, beside the parts, and stay."""
    from stack.assembly.plan import Plan
    from stack.drivers.announce import drive

    _exit(lambda: drive(Plan.load(plan), console))


@app.command(hidden=True)
def mock_kafka(address_file: Path, topic: str) -> None:
    """Be the mock broker."""
    from stack.parts.mock_kafka import serve

    serve(address_file, topic)


def _settings() -> StackSettings:
    try:
        return StackSettings()
    except ValidationError as error:
        problems = (f"STACK_{str(problem['loc'][0]).upper()}: {problem['msg']}" for problem in error.errors())
        raise StackError("; ".join(problems)) from None


def _exit(action: Callable[[], int | None]) -> None:
    """End the process with the action's exit code; a StackError ends it with 1, its message on standard error."""
    try:
        code = action() or 0
    except StackError as error:
        LiteralConsole(stderr=True).lines(str(error), style="red")
        code = 1
    raise typer.Exit(code)


if __name__ == "__main__":
    sys.exit(app(prog_name="python -m stack"))
