"""Messages of one partition -> accepted events, each with its stored document, and rejections. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bson.errors import BSONError
from confluent_kafka import Message

from consumer.events.decode import TimeLimits, decode
from consumer.events.encode import Encoder
from consumer.events.event import Event
from consumer.events.message import recorded_ms
from consumer.events.rejection import Rejection
from shared.events import Reason


class Judged(NamedTuple):
    """The verdicts on some messages; each message is in exactly one of the two lists, in offset order."""

    accepted: list[tuple[Event, int, bytes]]
    """The event, its offset, and the encoded document that `events_YYYYMMDD` stores."""
    rejected: list[tuple[Message, Rejection]]


def judge(messages: Sequence[Message], limits: TimeLimits, encoder: Encoder, refused: Mapping[int, str]) -> Judged:
    """Judge messages of one partition by the contract and by `limits`.

    `refused` gives, by offset, why MongoDB refuses the document of an otherwise valid event: that event is rejected as
    `refused_by_database`. The same arguments always give the same verdicts, so a batch can be judged again in parts.
    """
    accepted: list[tuple[Event, int, bytes]] = []
    rejected: list[tuple[Message, Rejection]] = []
    # Decoded all together and then encoded, not in turns: code that the processor has just run is in its caches.
    verdicts = [decode(message.value(), recorded_ms(message), limits) for message in messages]
    for message, verdict in zip(messages, verdicts, strict=True):
        if type(verdict) is not Rejection:
            offset = message.offset() or 0
            try:
                document = encoder.encode(verdict, offset)
            except (BSONError, OverflowError, ValueError) as error:
                verdict = Rejection(Reason.REFUSED_BY_DATABASE, str(error))
            else:
                if offset not in refused:
                    accepted.append((verdict, offset, document))
                    continue
                verdict = Rejection(Reason.REFUSED_BY_DATABASE, refused[offset])
        rejected.append((message, verdict))
    return Judged(accepted, rejected)
