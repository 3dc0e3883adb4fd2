"""Settings that are wrong together, and those whose wrong values would do nothing and say nothing."""

from pathlib import Path

import pytest

from shared.errors import ConfigurationError
from shared.settings import ConsumerSettings, SharedSettings


def test_dead_letters_are_not_copied_to_where_they_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_TOPIC", "events")
    monkeypatch.setenv("DEAD_LETTER_TOPIC", "events")
    with pytest.raises(ConfigurationError, match=r"^DEAD_LETTER_TOPIC: .*without end"):
        ConsumerSettings.load()
    monkeypatch.setenv("DEAD_LETTER_TOPIC", "events-dead-letters")
    assert ConsumerSettings.load().dead_letter_topic == "events-dead-letters"


@pytest.mark.parametrize("what", ["a folder", "not UTF-8"])
def test_a_secret_s_file_that_is_no_text_is_named_and_not_ignored(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container engine makes a folder where the file that it should mount is missing."""
    file = tmp_path / "mongodb_uri"
    if what == "a folder":
        file.mkdir()
    else:
        file.write_bytes(b"secret \xff")
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    with pytest.raises(
        ConfigurationError, match=r"MONGODB_URI: .* cannot be read: (Is a directory|it is not UTF-8)"
    ) as raised:
        SharedSettings.load()
    assert "secret" not in str(raised.value).replace(str(tmp_path), "")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("EVENT_ID_HEADER", " ce_id"), ("EVENT_ID_HEADER", "ce id"), ("EVENT_ID_HEADER", "céid"),
        ("EVENT_ID_DAYS", "-1"), ("EVENT_ID_DAYS", "366"), ("EVENT_ID_DAYS", "a week"),
    ],
)  # fmt: skip
def test_a_header_that_no_message_has_and_days_that_nobody_means_are_named(
    name: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, wrong)
    with pytest.raises(ConfigurationError, match=name):
        ConsumerSettings.load()


@pytest.mark.parametrize("header", ["", "ce_id", "X-Event-Id", "com.example/id"])
def test_a_header_s_name_is_taken_as_it_is(header: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENT_ID_HEADER", header)
    assert ConsumerSettings.load().event_id_header == header
    assert ConsumerSettings.load().event_id_days == 7
