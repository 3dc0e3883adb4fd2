"""One run of the stack: locks the state folder, checks ports, prepares and supervises the parts, explains the end."""

import fcntl
import os
import shutil
import signal
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from honcho.printer import Printer

from scripts.common.console import LiteralConsole
from stack import ports
from stack.assembly.assemble import Assembly, assemble
from stack.errors import StackError
from stack.settings import StackSettings
from stack.supervision.supervisor import Ending, Supervisor

LAST_LINES = 15
"""How many lines of its log to show when a part ended unexpectedly.

They fit on a terminal of 24 lines with what is printed around them. Half of them may cut off an error's beginning;
twice as many would scroll the first line out of sight, which names the part.
"""

INSTANCES = 2
"""How many API instances and how many consumers a demonstration starts: the fewest that show that work is shared."""

# The servers stop last, because the other parts need them until they have stopped. `up` writes their output to files,
# because it says little to somebody who uses the stack.
SERVERS = frozenset({"kafka", "mongod"})


class DriverOutput:
    """A printer for the supervisor that shows one part's output, as it is, and no other output."""

    width = 0

    def __init__(self, part: str, console: LiteralConsole) -> None:
        self._part = part
        self._console = console

    def write(self, message: Any) -> None:
        """Show a line if the part wrote it. The supervisor calls this for each line of each part and for its own."""
        if message.name == self._part:
            self._console.file.write(message.data.decode(errors="replace"))
            self._console.file.flush()


def demo(settings: StackSettings, console: LiteralConsole) -> int:
    """Run the demonstration on fresh data and ports that are free, with every part's output in a file.

    Blocks until the demonstration has ended and everything is stopped. Returns the exit code: 0 when every answer was
    right, 128 and the signal's number after a signal. Raises StackError when the stack cannot be started.
    """
    with _alone(settings):
        settings = _on_free_ports(settings)
        folder = settings.state / "demo"
        ports.check(settings.wanted_ports(INSTANCES, INSTANCES))
        for leftover in (folder, settings.state / "logs"):
            shutil.rmtree(leftover, ignore_errors=True)
        assembly = assemble(settings, folder, INSTANCES, INSTANCES, console.print)
        supervisor = Supervisor(DriverOutput("demo", console), SERVERS)
        _add(supervisor, assembly, "demo", {part.name for part in assembly.parts}, console)
        return _explain(supervisor.run(), "demo", assembly, console)


def up(settings: StackSettings, api: int, consumer: int, console: LiteralConsole) -> int:
    """Run the stack on the data of the last time, with the services' output on the terminal.

    Blocks until a signal comes or a part ends, and everything is stopped. Returns the exit code: 130 after Ctrl-C.
    Raises StackError when the stack cannot be started.
    """
    with _alone(settings):
        ports.check(settings.wanted_ports(api, consumer))
        shutil.rmtree(settings.state / "logs", ignore_errors=True)
        assembly = assemble(settings, settings.state / "up", api, consumer, console.print)
        supervisor = Supervisor(Printer(console.file), SERVERS)
        _add(supervisor, assembly, "up", SERVERS, console)
        return _explain(supervisor.run(), "up", assembly, console)


@contextmanager
def _alone(settings: StackSettings) -> Iterator[None]:
    """Hold the lock of the state folder. Raises StackError, which names the other run, where another run holds it."""
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
            # Until the supervisor handles signals itself, these act as Ctrl-C does: they also end an installation.
            signal.signal(number, signal.default_int_handler)
        yield


def _on_free_ports(settings: StackSettings) -> StackSettings:
    """Replace every port that no setting chose by a free one, so that demonstrations can run beside each other."""
    chosen = settings.model_fields_set
    names = [name for name in StackSettings.model_fields if name.endswith("_port") and name not in chosen]
    return settings.model_copy(update=dict(zip(names, ports.pick(len(names), INSTANCES), strict=True)))


def _add(supervisor: Supervisor, assembly: Assembly, mode: str, logged: Set[str], console: LiteralConsole) -> None:
    """Hand the parts and the driver to the supervisor. The output of the parts named in `logged` goes to files."""
    terminal = {"FORCE_COLOR": "1", "COLUMNS": str(console.width)} if console.is_terminal else {}
    driver = assembly.driver(mode)
    for part in (*assembly.parts, replace(driver, env={**driver.env, **terminal})):
        command = part.shell_command(assembly.plan.log(part.name) if part.name in logged else None)
        supervisor.add_process(part.name, command, env={**os.environ, **part.env}, cwd=part.cwd)


def _explain(ending: Ending, driver: str, assembly: Assembly, console: LiteralConsole) -> int:
    """Print why the run ended, unless the driver has ended, which speaks for itself. Return the exit code."""
    if ending.signal:
        console.print("stopped")
        return 128 + ending.signal
    if ending.part == driver:
        return ending.exit_code
    how = f"was ended by {_signal_name(-ending.exit_code)}" if ending.exit_code < 0 else f"ended ({ending.exit_code})"
    console.print(f"{ending.part} {how}, so everything was stopped", style="red")
    log = assembly.plan.log(ending.part)
    if log.exists():
        console.print(f"The end of {log}:")
        for line in log.read_text(errors="replace").splitlines()[-LAST_LINES:]:
            console.print(f"  {line}")
    return 1


def _signal_name(number: int) -> str:
    return signal.Signals(number).name
