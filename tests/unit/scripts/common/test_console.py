"""Texts from outside appear literally, whatever they hold; in a terminal of any width and in a pipe."""

import json
import os
import pty
import re
import subprocess
import sys
import termios
import unicodedata
from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from typer.testing import CliRunner

from scripts.common.commands import application
from scripts.common.console import LiteralConsole, json_text
from scripts.common.text import literal
from tests.support.process import ROOT

HOSTILE = {
    "[/red]x": "[/red]x",
    "dash [prod]": "dash [prod]",
    "[bold]": "[bold]",
    ":warning:": ":warning:",
    "0:100:1": "0:100:1",
    "a\x1b[2Jb": r"a\x1b[2Jb",
    "a\nb\r\tc": r"a\nb\r\tc",
    "\x00\x07\x08\x7f": r"\x00\x07\x08\x7f",
    "\x9b31m": r"\x9b31m",
    "\u202egnp.exe": r"\u202egnp.exe",
    "a\u2066b\u2069": r"a\u2066b\u2069",
    "zero\u200bwidth\u200d\ufeff": r"zero\u200bwidth\u200d\ufeff",
    "\u2028\u2029\x85": r"\u2028\u2029\x85",
    "\xa0\u3000": r"\xa0\u3000",
    "\u3164\u115f\ufe0f": r"\u3164\u115f\ufe0f",
    "half \ud83d": r"half \ud83d",
    "byte \udcff": r"byte \udcff",
    "\U000e0041": r"\U000e0041",
    r"back\slash \n": r"back\slash \n",
    "東京 Möbel é 😀": "東京 Möbel é 😀",
}


@pytest.mark.parametrize(("text", "shown"), HOSTILE.items())
def test_what_cannot_be_seen_is_written_out_and_the_rest_stays(text: str, shown: str) -> None:
    assert literal(text) == shown


@given(st.text(alphabet=st.characters(codec=None)))
def test_any_text_is_one_visible_line_and_visible_ascii_stays(text: str) -> None:
    shown = literal(text)
    assert shown.isprintable()
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in shown)
    shown.encode()
    plain = "".join(character for character in text if 32 <= ord(character) < 127)
    assert literal(plain) == plain


@pytest.mark.parametrize(("text", "shown"), HOSTILE.items())
def test_a_line_and_a_cell_and_a_header_show_it(capsys: pytest.CaptureFixture[str], text: str, shown: str) -> None:
    console = LiteralConsole()
    console.print(text)
    console.print(text, style="red")
    console.table([text, "other"], [[text, 1], ["", None]])
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [shown, shown]
    assert sum(shown in line for line in lines[2:]) == 2
    assert len(lines) == 2 + 6


@pytest.mark.parametrize("environment", [{}, {"FORCE_COLOR": "1"}, {"COLUMNS": "20"}, {"TERM": "dumb"}])
def test_in_a_pipe_cells_and_lines_are_whole(environment: Mapping[str, str]) -> None:
    program = (
        "from scripts.common.console import LiteralConsole\n"
        "c = LiteralConsole()\n"
        "c.table(['a', 'b'], [['x ' * 300 + 'end', 'y' * 5000]])\n"
        "c.print('z ' * 300 + 'end')\n"
    )
    done = subprocess.run(
        (sys.executable, "-c", program),
        cwd=ROOT,
        env={**{name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "x " * 300 + "end" in done.stdout
    assert "y" * 5000 in done.stdout
    assert "z " * 300 + "end\n" in done.stdout


def on_a_terminal(columns: int, rows: list[list[str]]) -> list[str]:
    """The lines of a table on a terminal so wide."""
    program = f"from scripts.common.console import LiteralConsole as C\nC().table({HEADERS}, {rows!r})"
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    environment["TERM"] = "xterm"
    with subprocess.Popen((sys.executable, "-c", program), cwd=ROOT, env=environment, stdout=theirs) as process:
        os.close(theirs)
        output = b""
        with suppress(OSError):  # how a pseudo-terminal says that the other side has closed it
            while part := os.read(ours, 65536):
                output += part
        assert process.wait(20) == 0
    os.close(ours)
    return re.sub("\x1b\\[[0-9;]*m", "", output.decode()).splitlines()


HEADERS = ["number", "name", "note"]


def test_a_terminal_that_is_too_narrow_breaks_the_widest_column_alone() -> None:
    lines = on_a_terminal(80, [["1" * 12, "n" * 20, "x" * 100 + "[/red]"], ["2", "東京", "y"]])
    assert max(map(cell_len, lines)) <= 80
    assert any("1" * 12 in line and "n" * 20 in line for line in lines)
    assert "".join(lines).count("x") == 100
    assert sum("東京" in line for line in lines) == 1


@pytest.mark.parametrize("columns", [20, 45])
def test_a_terminal_that_is_much_too_narrow_shows_records(columns: int) -> None:
    lines = on_a_terminal(columns, [["1" * 40, "n" * 40, "\x1b" + "x" * 40], ["2", "b", "y"]])
    assert lines == [
        "number  " + "1" * 40,
        "name    " + "n" * 40,
        r"note    \x1b" + "x" * 40,
        "",
        "number  2",
        "name    b",
        "note    y",
    ]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_that_is_not_utf_8_gets_an_escape_and_no_traceback(encoding: str) -> None:
    program = "from scripts.common.console import LiteralConsole as C\nC().print('東京')\nC().table(['東'], [['京']])"
    done = subprocess.run(
        (sys.executable, "-c", program),
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert rb"\u6771\u4eac" in done.stdout


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(alphabet=st.characters(codec=None)), st.lists))
def test_json_keeps_every_character_and_number_and_shows_none_to_a_terminal(value: object) -> None:
    text = json_text(value)
    assert json.loads(text) == value
    assert text.isascii()
    assert text.isprintable()


def test_json_has_a_form_for_everything() -> None:
    text = json_text({"a": float("nan"), "b": [float("inf")], 3: b"x"})
    assert json.loads(text) == {"a": "nan", "b": ["inf"], "3": "b'x'"}


def test_wrong_usage_is_literal_and_unbroken() -> None:
    app = application("A command.")

    @app.command()
    def first(number: int) -> None:
        """Take a number."""

    @app.command()
    def second() -> None:
        """Fail."""
        raise RuntimeError("a \x1b[2J b [/red] :100:")

    long = "x" * 300
    wrong = CliRunner().invoke(app, ["first", "1", f"--{long}\x1b[31m[/red]:warning:"])
    assert wrong.exit_code == 2
    assert f"--{long}\\x1b[31m[/red]:warning:" in wrong.stderr.splitlines()[-1]
    assert "Usage: " in wrong.stderr
    failed = CliRunner().invoke(app, ["second"])
    assert failed.exit_code == 1
    assert failed.stderr.splitlines()[-1] == r"RuntimeError: a \x1b[2J b [/red] :100:"
