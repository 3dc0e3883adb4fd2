"""What a run that ended early says: how far it came, and of which messages nothing is known."""

from collections import Counter
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from scripts.publish.__main__ import app
from scripts.publish.report import summary
from scripts.publish.sending.delivery import Delivery
from scripts.publish.sending.records import KeyAndValue, TracedRecord
from scripts.publish.sending.send import Sender
from shared.settings import KafkaSettings

STOPPED = "stopped at the first failure that every later message would have met as well"


@pytest.fixture
def sender() -> Sender:
    """A sender whose broker is not there."""
    return Sender(KafkaSettings(kafka_bootstrap_servers="127.0.0.1:1"), timeout_seconds=1)


def told(delivery: Delivery, total: int | None = None) -> list[str]:
    return summary(delivery, "topic", "host:1", total)[1:]


def test_an_interrupted_run_says_which_line_was_the_last(sender: Sender) -> None:
    def lines() -> Iterator[TracedRecord]:
        for number in range(1, 10):
            if number == 4:
                sender.interrupt()
            yield TracedRecord(None, b"x", f"line {number}")

    delivery = sender.send(lines())
    assert delivery.sent == 4
    assert told(delivery)[-1] == "sent up to line 4; nothing after it"


def test_messages_of_which_nothing_is_known_are_named(sender: Sender) -> None:
    def lines() -> Iterator[TracedRecord]:
        for number in range(1, 31):
            yield TracedRecord(None, b"x", f"line {number}")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sender.send(lines())
    sender.interrupt()
    assert told(sender.delivery) == [
        "30 messages neither acknowledged nor refused: they may be in Kafka or not",
        *(f"  line {number}" for number in range(1, 21)),
        "  and 10 more",
        "sent up to line 30; nothing after it",
    ]


def test_what_kafka_answered_is_not_among_them(sender: Sender) -> None:
    delivery = sender.send(iter([TracedRecord(None, b"x", "line 1"), TracedRecord(None, b"x", "line 2")]))
    assert (delivery.unknown, delivery.unanswered) == (0, {})
    assert told(delivery)[-2:] == [STOPPED, "sent up to line 2; nothing after it"]


def test_a_run_without_lines_says_how_many_messages_were_sent(sender: Sender) -> None:
    def messages() -> Iterator[KeyAndValue]:
        for number in range(1_000):
            if number == 6:
                sender.interrupt()
            yield KeyAndValue(b"k", b"v")

    assert told(sender.send(messages()), 1_000)[-1] == "sent the first 7 messages of 1,000; nothing after"


def test_an_interruption_alone_is_enough_to_say_it() -> None:
    delivery = Delivery(sent=3, delivered=3, interrupted=True, last_origin="line 3")
    assert told(delivery) == ["sent up to line 3; nothing after it"]


@pytest.mark.parametrize(
    ("delivery", "lines"),
    [
        (Delivery(interrupted=True), ["nothing was sent"]),
        (Delivery(sent=5, delivered=5, last_origin="line 5"), []),
        (Delivery(sent=5, delivered=5, interrupted=True), []),
    ],
)
def test_the_end_of_other_runs(delivery: Delivery, lines: list[str]) -> None:
    assert told(delivery, 5) == lines


def test_a_single_event_has_no_later_ones() -> None:
    delivery = Delivery(sent=1, failed=Counter({"_MSG_TIMED_OUT: x": 1}), stopped="x", last_origin="the event")
    assert not any("stopped" in line or "sent up to" in line for line in told(delivery, 1))
    result = CliRunner().invoke(
        app,
        ["sold", "--product", "3", "--units", "1", "--amount", "1", "--timeout", "1"],
        env={"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"},
    )
    assert result.exit_code == 1
    assert "1 message not delivered" in result.stderr
    assert "stopped" not in result.stderr
