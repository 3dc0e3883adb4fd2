"""Waits until MongoDB tells what became of the event that was just published, and says so with an exit code."""

import time
from collections.abc import Callable
from typing import Final, NamedTuple

import pymongo
from pymongo.errors import ConnectionFailure, PyMongoError

from consumer.partitions.brokers import NO_TOPIC_ID, Brokers
from scripts.common.fates.fate import Fate, Known, Lookups, identity_of
from scripts.common.fates.words import sentence
from scripts.common.kafka_clients import client_settings_checked
from scripts.publish.sending.delivery import Acknowledged
from shared.errors import SourceUnavailable
from shared.mongo import brief, connect
from shared.settings import ConsumerSettings

DUPLICATE: Final = 3
REJECTED: Final = 4
WAITING: Final = 5
UNKNOWN: Final = 6
EXIT_CODES: Final = {
    Fate.COUNTED: 0,
    Fate.DUPLICATE: DUPLICATE,
    Fate.REJECTED: REJECTED,
    Fate.WAITING: WAITING,
    Fate.MISSING: UNKNOWN,
}
PAUSE_SECONDS: Final = 0.1
"""Between two questions. A consumer that keeps up has stored an event some 50 ms after Kafka has it. At twice this, the
answer comes up to 0.2 s late; at half, MongoDB is asked twenty times a second while an event waits."""


class Question(NamedTuple):
    """Asks for one event's fate, as `ask` told it from its settings before the event was sent."""

    settings: ConsumerSettings
    lookups: Lookups
    topic_id: Callable[[], str]


def prepared() -> Question:
    """The settings, a MongoDB client and a Kafka client. Raises ConfigurationError; asks nothing yet."""
    settings = ConsumerSettings.load()
    with client_settings_checked():
        brokers = Brokers(settings, "publish")
    lookups = Lookups(connect(settings, "scripts.publish"), settings.group_id, settings.kafka_topic)
    return Question(settings, lookups, lambda: brokers.ask_topic_id()())


def awaited(
    question: Question, value: bytes | None, kept: Acknowledged, seconds: float, say: Callable[[str], None]
) -> tuple[int, str]:
    """Ask until a consumer has handled the event, for `seconds` at most. Returns the exit code and what to say.

    `say` gets a line when MongoDB does not answer, at once, while the asking goes on.
    """
    deadline = time.monotonic() + seconds
    event, topic_id = identity_of(value, kept.time_ms), _topic_id(question, say)
    known: Known | None = None
    problem = ""
    while True:
        try:
            with pymongo.timeout(_patience(question.settings, deadline)):
                known, problem = question.lookups.fate(kept.place, event, topic_id), ""
        except PyMongoError as error:
            told, problem = problem, f"MongoDB does not say what became of it, is MONGODB_URI right? {brief(error)}"
            if not (isinstance(error, ConnectionFailure) or error.timeout):
                break
            if not told:
                say(f"{problem}; asking again until --deadline")
        if (known is not None and known.settled and not problem) or time.monotonic() + PAUSE_SECONDS >= deadline:
            break
        time.sleep(PAUSE_SECONDS)
    if problem or known is None:
        return UNKNOWN, f"unknown: Kafka holds the event, but {problem}"
    return EXIT_CODES[known.fate], sentence(known)


def _patience(settings: ConsumerSettings, deadline: float) -> float:
    """How long the next question may take, in seconds."""
    return max(PAUSE_SECONDS, min(settings.mongodb_timeout_ms / 1000, deadline - time.monotonic()))


def _topic_id(question: Question, say: Callable[[str], None]) -> str:
    """The topic's id, by which its present generation is known; without it, the one that consumers read last counts."""
    try:
        return question.topic_id()
    except SourceUnavailable as error:
        say(f"{error}; the generation that consumers read last is taken for the topic's")
        return NO_TOPIC_ID
