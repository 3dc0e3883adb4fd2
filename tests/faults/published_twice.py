"""Events with ids, some of which are published again: as they are, or, by mistake, with the id of another event."""

from collections import deque
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from scripts.publish.generated.generate import Expected, GeneratedMessage

REPEATED_SHARE = 0.05
"""Of the events: those that are published again a moment later, byte for byte."""
CONFLICT_SHARE = 0.005
"""Of the events: those that bear the id of an earlier event of their product."""
RECENT = 300
"""A copy is of one of so many last events: about a second's, so that it often meets the first one's batch under way."""


class PublishedId(NamedTuple):
    """The id of a published event, and its content: two events with one id are the same where this is the same."""

    product: int
    event_id: str
    content: bytes


class IdentifiedMessage(NamedTuple):
    """A `GeneratedMessage` whose event has an id; None where the message is no event."""

    key: bytes | None
    value: bytes | None
    expected: Expected
    id: PublishedId | None


def published_twice(messages: Iterator[GeneratedMessage], seed: int) -> Iterator[IdentifiedMessage]:
    """The messages, each event with an id, and copies among them."""
    choose = Random(seed)
    recent: deque[IdentifiedMessage] = deque(maxlen=RECENT)
    last_ids: dict[int, str] = {}
    for number, message in enumerate(messages):
        if isinstance(message.expected, str) or message.value is None:
            yield IdentifiedMessage(*message, id=None)
            continue
        product, event_id = message.expected.product, f"{seed}-{number}"
        if choose.random() < CONFLICT_SHARE:
            event_id = last_ids.get(product, event_id)
        last_ids[product] = event_id
        value = message.value[:-1] + b',"event_id":"%b"}' % event_id.encode()
        identified = IdentifiedMessage(message.key, value, message.expected, PublishedId(product, event_id, value))
        yield identified
        recent.append(identified)
        if choose.random() < REPEATED_SHARE:
            yield choose.choice(recent)
