"""The whole system on this machine: `demo` shows it at work and ends, `up` starts it and stays.

Each command imports what it needs: several of them start at once, and what the others need is slow to load.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from stack.errors import StackError
from stack.settings import StackSettings

app = typer.Typer(help="The whole system on this machine.", no_args_is_help=True, add_completion=False)
console = Console(highlight=False)
Count = Annotated[int, typer.Option(min=1, max=50)]


@app.command()
def demo() -> None:
    """Start everything, publish events, ask the API through the load balancer, compare, stop everything."""
    from stack import run

    _exit(lambda: run.demo(_settings(), console))


@app.command()
def up(api: Count = 2, consumer: Count = 2) -> None:
    """Start everything and stay until Ctrl-C; the data are kept for the next time."""
    from stack import run

    _exit(lambda: run.up(_settings(), api, consumer, console))


@app.command(hidden=True)
def drive_demo(plan: Path) -> None:
    """The demonstration itself, run beside the parts."""
    from stack.assembly.plan import Plan
    from stack.drivers.demo import drive

    _exit(lambda: drive(Plan.load(plan), console))


@app.command(hidden=True)
def drive_up(plan: Path) -> None:
    """Tell how to use the stack, run beside the parts."""
    from stack.assembly.plan import Plan
    from stack.drivers.announce import drive

    _exit(lambda: drive(Plan.load(plan), console))


@app.command(hidden=True)
def mock_kafka(address_file: Path, topic: str) -> None:
    """Be a broker without Java."""
    from stack.parts.mock_kafka import serve

    serve(address_file, topic)


def _settings() -> StackSettings:
    try:
        return StackSettings()
    except ValidationError as error:
        problems = (f"STACK_{str(problem['loc'][0]).upper()}: {problem['msg']}" for problem in error.errors())
        raise StackError("; ".join(problems)) from None


def _exit(action: Callable[[], int | None]) -> None:
    """End with the action's exit code; an error that a person can mend is told in its own words."""
    try:
        code = action() or 0
    except StackError as error:
        Console(stderr=True, highlight=False).print(str(error), style="red", soft_wrap=True, markup=False)
        code = 1
    raise typer.Exit(code)


if __name__ == "__main__":
    sys.exit(app(prog_name="python -m stack"))
