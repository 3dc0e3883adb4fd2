"""The whole system on this machine: `demo` shows it at work and ends, `up` starts it and stays."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from stack import announce, demo, run
from stack.errors import StackError
from stack.parts import mock_kafka
from stack.plan import Plan
from stack.settings import StackSettings

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
console = Console(highlight=False)
Count = Annotated[int, typer.Option(min=1, max=50)]


@app.command(name="demo")
def demo_() -> None:
    """Start everything, publish events, ask the API through the load balancer, compare, stop everything."""
    raise typer.Exit(_reported(lambda: run.demo(_settings(), console)))


@app.command()
def up(api: Count = 2, consumer: Count = 2) -> None:
    """Start everything and stay until Ctrl-C; the data are kept for the next time."""
    raise typer.Exit(_reported(lambda: run.up(_settings(), api, consumer, console)))


@app.command(hidden=True)
def drive_demo(plan: Path) -> None:
    """The demonstration itself, run beside the parts."""
    raise typer.Exit(_reported(lambda: demo.drive(Plan.load(plan), console)))


@app.command(hidden=True)
def drive_up(plan: Path) -> None:
    """Tell how to use the stack, run beside the parts."""
    raise typer.Exit(_reported(lambda: announce.drive(Plan.load(plan), console)))


@app.command(name="mock-kafka", hidden=True)
def mock_kafka_(address_file: Path, topic: str) -> None:
    """Be a broker without Java."""
    mock_kafka.serve(address_file, topic)


def _settings() -> StackSettings:
    try:
        return StackSettings()
    except ValidationError as error:
        problems = (f"STACK_{str(problem['loc'][0]).upper()}: {problem['msg']}" for problem in error.errors())
        raise StackError("; ".join(problems)) from None


def _reported(action: Callable[[], int | None]) -> int:
    """The exit code; an error that a person can mend is told in its own words."""
    try:
        return action() or 0
    except StackError as error:
        Console(stderr=True, highlight=False).print(str(error), style="red", soft_wrap=True, markup=False)
        return 1


if __name__ == "__main__":
    sys.exit(app(prog_name="python -m stack"))
