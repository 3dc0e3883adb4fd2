"""Settings that are wrong together, although each is right by itself."""

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
