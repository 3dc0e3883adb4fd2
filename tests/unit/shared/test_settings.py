"""Settings that are wrong together, although each is right by itself."""

import pytest

from shared.errors import ConfigurationError
from shared.settings import ConsumerSettings


def test_dead_letters_are_not_copied_to_where_they_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_TOPIC", "events")
    monkeypatch.setenv("DEAD_LETTER_TOPIC", "events")
    with pytest.raises(ConfigurationError, match=r"^DEAD_LETTER_TOPIC: .*without end"):
        ConsumerSettings.load()
    monkeypatch.setenv("DEAD_LETTER_TOPIC", "events-dead-letters")
    assert ConsumerSettings.load().dead_letter_topic == "events-dead-letters"
