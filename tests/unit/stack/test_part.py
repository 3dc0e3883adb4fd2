"""A part's shell command, run by a real shell as the supervisor runs it."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from stack.supervision.part import Part
from stack.waiting import wait_until

SHOW = "import os, sys; print(sys.argv[1:], os.environ.get('ADDRESS'), os.getcwd())"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose name holds characters that mean something to a shell."""
    folder = tmp_path / "a b'c$d"
    folder.mkdir()
    return folder


def run(part: Part, log: Path | None = None) -> str:
    return subprocess.run(("sh", "-c", part.shell_command(log)), cwd=part.cwd, capture_output=True, text=True).stdout


def test_arguments_and_folder_arrive_as_they_are(folder: Path) -> None:
    arguments = ["two words", "it's; $HOME", "*"]
    part = Part("show", (sys.executable, "-c", SHOW, *arguments), folder)
    assert run(part).strip() == f"{arguments} None {folder}"


def test_output_goes_to_the_end_of_the_log(folder: Path) -> None:
    log = folder / "part.log"
    log.write_text("before\n")
    command = "import sys; sys.stderr.write('error\\n')"
    assert run(Part("show", (sys.executable, "-c", command), folder), log) == ""
    assert log.read_text() == "before\nerror\n"


def test_the_start_waits_for_an_address_in_a_file(folder: Path) -> None:
    file = folder / "address"
    part = Part("show", (sys.executable, "-c", SHOW), folder, env_files={"ADDRESS": file})
    with subprocess.Popen(("sh", "-c", part.shell_command()), cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        file.write_text("127.0.0.1:4711")
        assert process.communicate(timeout=10)[0].split()[1] == "127.0.0.1:4711"


def test_the_part_takes_the_shells_place(folder: Path) -> None:
    """So a signal for the process that the supervisor started reaches the part."""
    part = Part("sleep", ("sleep", "60"), folder)
    with subprocess.Popen(("sh", "-c", part.shell_command()), cwd=folder) as process:
        wait_until("the shell to become the part", lambda: b"sleep" in _command(process.pid), 10)
        process.terminate()
        assert process.wait(10) == -15


def test_a_start_that_waits_ends_with_the_process_that_started_it(folder: Path) -> None:
    part = Part("sleep", ("sleep", "60"), folder, env_files={"ADDRESS": folder / "address"})
    starter = "import subprocess, sys; print(subprocess.Popen(sys.argv[1], shell=True).pid, flush=True); input()"
    with subprocess.Popen(
        (sys.executable, "-c", starter, part.shell_command()),
        cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        waiting = psutil.Process(int(process.stdout.readline()))
        wait_until("the shell to wait", lambda: bool(waiting.children()), 10)
        process.kill()
    try:
        wait_until("the shell to end", lambda: _ended(waiting), 10)
    finally:
        with suppress(psutil.NoSuchProcess):
            waiting.kill()


def _ended(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
