"""Gives each event of a generated stream an id, and repeats some: as duplicates, and as conflicts with other content.

Pure, as the stream is: the same arguments give the same messages. A consumer counts each id once, so what is expected
of a repeated message is the code of its rejection. A conflict differs by a field that is in no sum.
"""

from collections.abc import Iterator
from random import Random
from typing import Final, NamedTuple

from scripts.publish.generated.generate import GeneratedMessage

KEPT_MESSAGES: Final = 10_000
"""So many events are kept, of which one is chosen to be repeated, some 3 MB. They are replaced by chance, so a repeated
event is mostly some thousand messages back, and now and then a hundred thousand. With twice as many, repetitions within
one batch of a consumer become rare; with half as many, those across batches do."""
DUPLICATE: Final = "duplicate"
CONFLICT: Final = "event_id_conflict"


class Shares(NamedTuple):
    """Which share of the messages repeats an earlier one, 0 to 1: with its content, and with other content."""

    duplicates: float
    conflicts: float = 0.0

    def problem(self, *, keyed: bool) -> str | None:
        """Why no stream can have these shares; None where one can."""
        if self.duplicates + self.conflicts > 1:
            return "--duplicates and --conflicts are more than 1 together"
        if self.conflicts and not keyed:
            return "--conflicts needs keys: else it is not known which of two events with one id comes first"
        return None


def with_repeats(
    messages: Iterator[GeneratedMessage], count: int, seed: int, shares: Shares
) -> Iterator[GeneratedMessage]:
    """`count` messages: those of the stream with ids, between which earlier ones are repeated.

    Ids begin with the seed, so streams of different seeds have different ids.
    """
    random = Random(f"repeats {seed}")
    kept: list[GeneratedMessage] = []
    for number in range(count):
        chance = random.random()
        if kept and chance < shares.duplicates + shares.conflicts:
            earlier = kept[random.randrange(len(kept))]
            is_duplicate = chance < shares.duplicates
            yield _duplicate(earlier) if is_duplicate else _conflict(earlier, number)
            continue
        message = next(messages)
        if isinstance(message.expected, str) or message.value is None:
            yield message
            continue
        message = message._replace(value=_with(message.value, b'"event_id":"%d-%d"' % (seed, number)))
        if len(kept) < KEPT_MESSAGES:
            kept.append(message)
        else:
            kept[random.randrange(KEPT_MESSAGES)] = message
        yield message


def _duplicate(earlier: GeneratedMessage) -> GeneratedMessage:
    return earlier._replace(expected=DUPLICATE)


def _conflict(earlier: GeneratedMessage, number: int) -> GeneratedMessage:
    return earlier._replace(value=_with(earlier.value or b"", b'"changed":%d' % number), expected=CONFLICT)


def _with(value: bytes, member: bytes) -> bytes:
    """An event with one more field."""
    return value.removesuffix(b"}") + b"," + member + b"}"
