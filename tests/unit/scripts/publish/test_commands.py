"""The publisher's commands without Kafka: usage, the check before sending, dry runs, and that no broker answers."""

import json
import re
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts.publish import __main__ as publish
from scripts.publish.__main__ import app
from scripts.publish.report import summary
from scripts.publish.sending.delivery import Delivery
from scripts.publish.sending.producer_settings import LARGEST_RECORD_BYTES
from scripts.publish.single_event import literal
from tests.support.process import ROOT

SOLD = ["sold", "--product", "3", "--units", "10", "--amount", "1000"]
RATED = ["rated", "--product", "1", "--rating", "4.5", "--category", "Software"]


@pytest.fixture(autouse=True)
def _no_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")


def run(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    """Run a command; its exit code, standard output and standard error."""
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    return result.exit_code, result.stdout, result.stderr


def printed(*arguments: str) -> tuple[str, str]:
    """The key and the value that a dry run of one event prints."""
    code, output, errors = run(*arguments, "--dry-run")
    assert code == 0, errors
    key, _, value = output.rstrip("\n").partition("\t")
    return key, value


def test_a_sale() -> None:
    key, value = printed(*SOLD, "--name", "Product A")
    assert key == "3"
    assert json.loads(value) == {
        "event_name": "productSold",
        "name_of_product": "Product A",
        "product_id": 3,
        "no_of_units": 10,
        "amount": 1000,
    }


def test_a_rating() -> None:
    key, value = printed(*RATED, "--occurred-at", "2999-01-01T00:00:00Z", "--no-check")
    assert key == "1"
    assert json.loads(value) == {
        "event_name": "productRated",
        "name_of_product": "Product 1",
        "product_id": 1,
        "rating": 4.5,
        "category": "Software",
        "occurred_at": "2999-01-01T00:00:00Z",
    }


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("1000", "1000"),
        ("4.50", "4.50"),
        ("90071992547409931.07", "90071992547409931.07"),
        ("1e400", "1e400"),
        ('"1000"', '"1000"'),
        ("true", "true"),
        ('{"a": [1]}', '{"a": [1]}'),
        ("ten", '"ten"'),
        ("05", '"05"'),
        ("NaN", '"NaN"'),
        ('"open', '"\\"open"'),
        ("[1", '"[1"'),
        ("", '""'),
    ],
)
def test_what_is_typed_keeps_every_digit(typed: str, sent: str) -> None:
    assert literal(typed) == sent


def test_further_fields() -> None:
    _, value = printed(*SOLD, "--extra", "currency=EUR", "--extra", "warehouse=7", "--extra", "note=a=b")
    assert '"currency": "EUR"' in value
    assert '"warehouse": 7' in value
    assert '"note": "a=b"' in value


def test_a_further_field_without_a_value_is_a_usage_error() -> None:
    code, _, errors = run(*SOLD, "--extra", "currency")
    assert code == 2
    assert "has no =" in errors


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["sold", "--product", "3", "--units", "ten", "--amount", "1000"], "bad_units"),
        (["sold", "--product", "3", "--units", "10", "--amount", "-1"], "bad_amount"),
        (["sold", "--product", "03", "--units", "10", "--amount", "1"], "bad_product_id"),
        (["rated", "--product", "3", "--rating", "5.01", "--category", "F"], "bad_rating"),
        (["rated", "--product", "3", "--rating", "5", "--category", ""], "bad_category"),
        ([*SOLD, "--name", ""], "bad_name"),
        ([*SOLD, "--occurred-at", "yesterday"], "bad_occurred_at"),
        ([*SOLD, "--occurred-at", "1970-01-01T00:00:00Z"], "too_old"),
        ([*SOLD, "--event-id", ""], "bad_event_id"),
    ],
)
def test_an_event_that_consumers_reject_is_not_sent_unless_told_to(arguments: list[str], reason: str) -> None:
    code, output, errors = run(*arguments)
    assert code == 2
    assert not output
    assert reason in errors
    assert "--no-check" in errors
    _, value = printed(*arguments, "--no-check")
    assert value.startswith("{")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["sold", "--product", "3"],
        ["generate", "--count", "0"],
        ["generate", "--invalid", "1.5"],
        ["generate", "--rate", "-1"],
        ["file", "no-such-file"],
        ["file", "-", "--no-check", "--skip-rejected"],
        ["file", "-", "--format", "xml"],
        ["generate", "--duplicates", "0.7", "--conflicts", "0.7"],
        ["generate", "--conflicts", "0.1", "--unkeyed"],
        ["generate", "--spread", "99999999999", "--dry-run"],
        ["sell"],
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    code, output, errors = run(*arguments)
    assert code == 2
    assert "Usage" in output + errors


def test_a_wrong_setting_ends_with_78_and_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "TLS")
    code, _, errors = run(*SOLD)
    assert code == 78
    assert "KAFKA_SECURITY_PROTOCOL" in errors


def test_a_setting_that_only_the_client_can_judge_ends_with_78(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "SSL")
    monkeypatch.setenv("KAFKA_SSL_CA_LOCATION", "/no/such/file")
    code, _, errors = run(*SOLD)
    assert code == 78
    assert "KAFKA_" in errors
    assert "ssl.ca.location" in errors


def test_help_names_every_command() -> None:
    code, output, _ = run("--help")
    assert code == 0
    for command in ("sold", "rated", "generate", "file"):
        assert command in output


def test_a_dry_run_prints_every_message_in_one_line() -> None:
    code, output, _ = run("generate", "--count", "500", "--invalid", "0.5", "--seed", "7", "--dry-run")
    assert code == 0
    lines = output.splitlines()
    assert len(lines) == 500
    assert all("\t" in line for line in lines)
    assert sum(line.endswith("\t(tombstone)") for line in lines) >= 1


@pytest.mark.parametrize("command", [SOLD, RATED])
@pytest.mark.parametrize("field", ["product_id", "event_name", "event", "event_id", "occurred_at", "name_of_product"])
def test_a_field_of_the_contract_is_no_further_field(command: list[str], field: str) -> None:
    code, output, errors = run(*command, "--extra", f"{field}=9", "--dry-run", "--no-check")
    assert (code, output) == (2, "")
    assert f"{field} is no further field but one of the event's own" in errors


def test_a_dry_run_of_a_file() -> None:
    code, output, _ = run("file", "-", "--dry-run", "--no-check", stdin=b'{"a": 1}\n\nlast \xe9 line')
    assert code == 0
    assert output == '-\t{"a": 1}\n-\t\n-\tlast \\xe9 line\n'


def test_no_kafka_is_a_failure_with_advice() -> None:
    started = time.monotonic()
    code, _, errors = run(*SOLD, "--timeout", "1")
    assert code == 1
    assert "0 messages published" in errors
    assert "1 message not delivered: _MSG_TIMED_OUT" in errors
    assert "is it running" in errors
    assert time.monotonic() - started < 10


def test_no_kafka_stops_a_long_run() -> None:
    code, _, errors = run("generate", "--count", "1000000", "--timeout", "1")
    assert code == 1
    assert "stopped at the first failure" in errors
    not_delivered = re.search(r"([\d,]+) messages not delivered", errors)
    assert not_delivered is not None
    assert int(not_delivered[1].replace(",", "")) < 500_000


def test_a_record_that_the_client_refuses_is_counted_and_the_run_ends_with_1() -> None:
    """The client refuses it before a broker is asked, so it has no delivery report."""
    code, output, errors = run(*SOLD, "--name", "x" * LARGEST_RECORD_BYTES, "--no-check", "--timeout", "1")
    assert (code, output) == (1, "")
    assert "0 messages published" in errors
    assert "1 message not delivered: MSG_SIZE_TOO_LARGE" in errors


def test_the_check_before_sending_uses_the_consumer_s_retention(monkeypatch: pytest.MonkeyPatch) -> None:
    two_days_ago = f"{datetime.now(UTC) - timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}"
    printed(*SOLD, "--occurred-at", two_days_ago)
    monkeypatch.setenv("EVENT_RETENTION_DAYS", "1")
    code, _, errors = run(*SOLD, "--occurred-at", two_days_ago, "--dry-run")
    assert code == 2
    assert "too_old" in errors


def test_what_kafka_neither_acknowledged_nor_refused_is_said() -> None:
    delivery = Delivery(sent=10, delivered=6, failed=Counter({"MSG_SIZE_TOO_LARGE: x": 1}))
    delivery.connection_error = "Local: Authentication failure"
    lines = summary(delivery, "topic", "host:1")
    assert lines[0].startswith("6 messages published to topic")
    assert "3 messages neither acknowledged nor refused: they may be in Kafka or not" in lines
    assert any("a broker refused the connection: Local: Authentication failure; check KAFKA_" in line for line in lines)
    assert not delivery.complete
    assert not any("neither" in line for line in summary(Delivery(sent=1, delivered=1), "topic", "host:1"))


@pytest.mark.parametrize(
    "arguments", [["file", "{folder}"], ["file", "{folder}/\x1b[2J[/red]"], ["generate", "--totals", "{folder}"]]
)
def test_a_file_that_cannot_be_used_is_a_sentence_before_anything_is_sent(arguments: list[str], tmp_path: Path) -> None:
    code, output, errors = run(*(argument.format(folder=tmp_path) for argument in arguments))
    assert (code, output) == (2, "")
    assert " cannot be used: " in errors.splitlines()[-1]
    assert "published" not in errors
    assert "\x1b" not in errors


def test_a_dry_run_shows_no_escape_sequence_and_no_forged_line() -> None:
    code, output, _ = run("file", "-", "--dry-run", "--no-check", stdin="a\tb\x1b[2J\u202e[/red] :100:".encode())
    assert (code, output) == (0, "-\ta\\tb\\x1b[2J\\u202e[/red] :100:\n")


@pytest.mark.parametrize("days", [1, 400])
def test_a_stream_spreads_no_further_back_than_consumers_accept(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    monkeypatch.setenv("EVENT_RETENTION_DAYS", str(days))
    most = days * 86_400 - 3_600
    arguments = ["generate", "--count", "50", "--dry-run"]
    code, output, errors = run(*arguments, "--spread", str(most + 1))
    assert (code, output) == (2, "")
    assert f"EVENT_RETENTION_DAYS={days} days, so {most} is the most" in errors
    code, output, _ = run(*arguments, "--spread", str(most))
    assert code == 0
    oldest = min(json.loads(line.partition("\t")[2])["occurred_at"] for line in output.splitlines())
    assert datetime.fromisoformat(oldest) > datetime.now(UTC) - timedelta(days=days)


def test_the_help_names_each_exit_code_as_the_page_does() -> None:
    page = (ROOT / "docs" / "operations" / "publishing.md").read_text()
    for words in (
        "Kafka did not take some, or `--skip-rejected` left some out",
        "`neither an event nor a dead letter`",
        "`not handled yet`",
        "MongoDB does not answer",
        "nothing was sent since some would be rejected or there was no message",
        "the report says how far it came",
    ):
        plain = words if words.count("`") == 2 and "--" in words else words.replace("`", "")
        assert plain in " ".join((publish.__doc__ or "").split()), words
        assert words in page, words
