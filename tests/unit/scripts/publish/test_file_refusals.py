"""`publish file` without Kafka: what it refuses, and the options that it names then do what is said of them."""

import gzip
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from scripts.publish.__main__ import app
from tests.support.process import ROOT

GOOD = b'{"event": "productSold", "name_of_product": "x", "product_id": 3, "no_of_units": 1, "amount": 1}'
BAD = b'{"event": "productSold"}'
TABLE = b"event,product_id,name_of_product,no_of_units,amount\n"


def run(*arguments: str, stdin: bytes) -> tuple[int, str, str]:
    result = CliRunner().invoke(
        app, ["file", "-", *arguments], input=stdin, env={"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    )
    return result.exit_code, result.stdout, result.stderr


LINES, JSON, CSV = ("--no-check",), ("--no-check", "--format", "json"), ("--no-check", "--format", "csv")


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (GOOD + b"\n" + BAD + b"\n", LINES),
        (BAD + b"\n" + GOOD, LINES),
        (BAD, LINES),
        (b"[" + GOOD + b",\n" + BAD + b"]", JSON),
        (b"[" + BAD + b"]", JSON),
        (GOOD + BAD, JSON),
        (GOOD + b"\n\n" + BAD, JSON),
        (GOOD.replace(b", ", b",\n  ") + b"\n" + BAD, JSON),
        (gzip.compress(GOOD + b"\n" + BAD, mtime=0), JSON),
        ((GOOD + b"\n" + BAD).decode().encode("utf-16"), JSON),
        (TABLE + b"productSold,3,x,1,1\nproductSold,4,x,-1,1\n", CSV),
        (gzip.compress(TABLE + b"productSold,3,x,1,1\nproductSold,4,x,-1,1\n", mtime=0), CSV),
    ],
)
def test_the_options_that_a_refusal_names_send_the_same_messages(content: bytes, options: tuple[str, ...]) -> None:
    code, output, errors = run(stdin=content)
    assert (code, output) == (2, "")
    what = "sends each line as it is" if options == LINES else "sends all of them"
    refusal = " ".join(errors.split())
    assert f"{' '.join(options)} {what}" in refusal
    assert ("--skip-rejected sends the others" in refusal) is ("1 of 2 messages" in refusal)
    code, output, errors = run(*options, "--dry-run", stdin=content)
    assert code == 0, errors
    assert len(output.splitlines()) == (1 if "1 of 1 messages" in refusal else 2)
    assert all(line.startswith("-\t{") for line in output.splitlines())


def test_the_page_shows_what_a_refusal_prints() -> None:
    page = (ROOT / "docs" / "operations" / "publishing.md").read_text()
    check = page.partition("### The check")[2]
    lines, shown = check.split("```\n")[1:4:2]
    code, _, errors = run(stdin=lines.encode())
    assert code == 2
    assert errors.splitlines() == shown.splitlines()


def test_what_no_option_can_send_is_not_advised() -> None:
    code, _, errors = run(stdin=b"PK\x03\x04rest")
    assert code == 2
    assert "1 of 1 messages could not be read" in errors
    assert "--no-check" not in errors
    assert "--skip-rejected" not in errors


@pytest.mark.parametrize("content", [b"", b"\n\n", b"[]", b" [ ]\n", TABLE, gzip.compress(b"", mtime=0)])
@pytest.mark.parametrize("options", [(), ("--skip-rejected",), ("--dry-run",), ("--dry-run", "--skip-rejected")])
def test_a_file_without_messages_is_wrong_usage(content: bytes, options: tuple[str, ...]) -> None:
    code, output, errors = run(*options, stdin=content)
    assert (code, output) == (2, "")
    assert "the file holds no messages" in errors


def test_an_empty_file_has_no_lines_either() -> None:
    assert run("--no-check", stdin=b"")[0] == 2
    assert run("--no-check", "--dry-run", stdin=b"\n")[:2] == (0, "-\t\n")


def test_a_standard_input_that_is_closed_is_a_sentence() -> None:
    shell = ["/bin/sh", "-c", '"$0" -m scripts.publish file - <&-', sys.executable]
    done = subprocess.run(shell, cwd=ROOT, capture_output=True, check=False, text=True)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("standard input cannot be used: it is closed")


def test_what_cannot_be_read_the_second_time_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk fails after the file was checked: what was read before is sent, and the report says the rest."""
    from scripts.publish import file_run
    from scripts.publish.files.message import FileMessage

    readings = iter(
        [[FileMessage(GOOD, 1, 1)], [FileMessage(b"", 1, 1, "the rest cannot be read: Input/output error")]]
    )
    monkeypatch.setattr(file_run, "messages", lambda stream, form: iter(next(readings)))
    code, _, errors = run("--timeout", "1", stdin=GOOD)
    assert code == 1
    assert "1 of 1 messages were left out, since they could not be read" in errors
    assert "line 1: the rest cannot be read: Input/output error" in errors
