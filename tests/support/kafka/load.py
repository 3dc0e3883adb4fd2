"""Traffic that runs while a test does something else, as fast as the consumers take it, on any machine."""

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from scripts.publish.generated.generate import GeneratedMessage
from tests.support.kafka.consumer_group import ConsumerGroup

ENDLESS = 10**9
"""More messages than any test publishes."""
AHEAD = 500
"""So many messages are published at most that consumers have not handled. With half, consumers of a fast machine wait
for the publisher now and then; with twice, a slow machine needs twice as long to end what a test has begun."""
LOOKED_EVERY = 100
"""After so many messages the publisher asks how far the consumers are."""


@contextmanager
def under_load(events: ConsumerGroup, messages: Iterable[GeneratedMessage]) -> Iterator[None]:
    """Publish messages while the block runs. When it ends, every one that was published is acknowledged."""
    ended = threading.Event()

    def paced() -> Iterator[GeneratedMessage]:
        before = events.handled
        for count, message in enumerate(messages):
            while count % LOOKED_EVERY == 0 and count - AHEAD > events.handled - before and not ended.wait(0.02):
                pass
            if ended.is_set():
                return
            yield message

    with ThreadPoolExecutor(1, "load") as publisher:
        published = publisher.submit(events.publish, paced())
        try:
            yield
        finally:
            ended.set()
            published.result()
