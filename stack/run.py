"""One run of the stack from start to end: alone in its state folder, ports checked, parts supervised, end explained."""

import fcntl
import os
import shutil
import signal
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from honcho.printer import Printer
from rich.console import Console

from stack import ports
from stack.assembly.assemble import Assembly, assemble
from stack.errors import StackError
from stack.settings import StackSettings
from stack.supervision.supervisor import Ending, Supervisor

LAST_LINES = 15
INSTANCES = 2
"""Of the API and of the consumer, in a demonstration."""

# The others need these to the end; what they write is for their own operators.
SERVERS = frozenset({"kafka", "mongod"})


class DriverOutput:
    """A printer for honcho that shows what one part writes, as it is, and nothing else."""

    width = 0

    def __init__(self, part: str, console: Console) -> None:
        self._part = part
        self._console = console

    def write(self, message: Any) -> None:
        """Called by honcho for each line of each part, and of its own."""
        if message.name == self._part:
            self._console.file.write(message.data.decode(errors="replace"))
            self._console.file.flush()


def demo(settings: StackSettings, console: Console) -> int:
    """Fresh data, every part's output in a file, ends by itself. The exit code."""
    with _alone(settings):
        settings = _on_free_ports(settings)
        folder = settings.state / "demo"
        _check_ports(settings, INSTANCES, INSTANCES)
        for leftover in (folder, settings.state / "logs"):
            shutil.rmtree(leftover, ignore_errors=True)
        assembly = assemble(settings, folder, INSTANCES, INSTANCES, partial(console.print, soft_wrap=True))
        supervisor = Supervisor(DriverOutput("demo", console), SERVERS)
        _add(supervisor, assembly, "demo", {part.name for part in assembly.parts}, console)
        return _explain(supervisor.run(), "demo", assembly, console)


def up(settings: StackSettings, api: int, consumer: int, console: Console) -> int:
    """Kept data, the services' output on the terminal, stays until a signal comes. The exit code."""
    with _alone(settings):
        _check_ports(settings, api, consumer)
        shutil.rmtree(settings.state / "logs", ignore_errors=True)
        assembly = assemble(settings, settings.state / "up", api, consumer, partial(console.print, soft_wrap=True))
        supervisor = Supervisor(Printer(console.file), SERVERS)
        _add(supervisor, assembly, "up", SERVERS, console)
        return _explain(supervisor.run(), "up", assembly, console)


@contextmanager
def _alone(settings: StackSettings) -> Iterator[None]:
    """Hold the state folder. Raises StackError where another run holds it."""
    settings.state.mkdir(parents=True, exist_ok=True)
    with (settings.state / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise StackError(
                f"another run (process {holder}) uses {settings.state}; stop it, or set STACK_STATE to another folder"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        for number in (signal.SIGTERM, signal.SIGHUP):
            # Until the supervisor takes over: what is being fetched or installed ends as well, as with Ctrl-C.
            signal.signal(number, signal.default_int_handler)
        yield


def _on_free_ports(settings: StackSettings) -> StackSettings:
    """Free ports for what no setting chose: demonstrations run beside each other, and say where they are."""
    chosen = settings.model_fields_set
    names = [name for name in StackSettings.model_fields if name.endswith("_port") and name not in chosen]
    return settings.model_copy(update=dict(zip(names, ports.pick(len(names), INSTANCES), strict=True)))


def _check_ports(settings: StackSettings, api: int, consumer: int) -> None:
    ports.check(settings.claims(api, consumer))


def _add(supervisor: Supervisor, assembly: Assembly, mode: str, logged: Set[str], console: Console) -> None:
    """Hand the parts over; the output of `logged` goes to files."""
    terminal = {"FORCE_COLOR": "1", "COLUMNS": str(console.width)} if console.is_terminal else {}
    driver = assembly.driver(mode)
    for part in (*assembly.parts, replace(driver, env={**driver.env, **terminal})):
        command = part.shell_command(assembly.plan.log(part.name) if part.name in logged else None)
        supervisor.add_process(part.name, command, env={**os.environ, **part.env}, cwd=part.cwd)


def _explain(ending: Ending, driver: str, assembly: Assembly, console: Console) -> int:
    """Say why the run ended, unless that is plain; the exit code."""
    if ending.signal:
        console.print("stopped")
        return 128 + ending.signal
    if ending.part == driver:
        return ending.exit_code
    how = f"was ended by {_signal_name(-ending.exit_code)}" if ending.exit_code < 0 else f"ended ({ending.exit_code})"
    console.print(f"[red]{ending.part} {how}, so everything was stopped[/red]")
    log = assembly.plan.log(ending.part)
    if log.exists():
        console.print(f"The end of {log}:", soft_wrap=True)
        for line in log.read_text(errors="replace").splitlines()[-LAST_LINES:]:
            console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    return 1


def _signal_name(number: int) -> str:
    return signal.Signals(number).name
