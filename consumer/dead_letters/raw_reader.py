"""Reads single messages by librdkafka's own functions, to learn what its client for Python does not pass on.

librdkafka gives no headers of a message that has more than 100,000 of them, but an error. The client drops the error,
so such a message looks like one without headers. Here the functions are called by ctypes, and the error is seen.
"""

import time
from collections.abc import Mapping
from ctypes import CDLL, POINTER, Structure, byref, c_char_p, c_int, c_int32, c_int64, c_size_t, c_void_p, string_at
from ctypes import create_string_buffer as buffer
from typing import Any, Final, NamedTuple

from confluent_kafka import KafkaError, cimpl

ANSWER_SECONDS: Final = 5.0
"""How long one message may take to come. A partition's new leader is usually found within this. At twice it, an
unreachable broker holds the thread twice as long; at half, a slow broker's messages are not looked at."""
NEAR: Final = 1_000
"""A message so few offsets ahead is reached by reading on, at some microseconds each; to begin anew at its offset takes
10 ms. At twice or half of it, letters at such distances are looked at a little slower."""
_FETCHING: Final = {
    # Each change of the offset waits until the broker has answered the fetch before, which may have nothing to bring,
    # and until the client fetches again. The defaults of 500 ms and 1 s make a look take half a second.
    "fetch.wait.max.ms": 10,
    "fetch.queue.backoff.ms": 0,
    "enable.partition.eof": True,
    # Some messages ahead, for the next look may be at one of them; an answer brings one larger message all the same.
    "queued.min.messages": NEAR,
    "queued.max.messages.kbytes": 1024,
    "fetch.message.max.bytes": 64 * 1024,
}
_GONE: Final = frozenset(
    {KafkaError._PARTITION_EOF, KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}
)  # fmt: skip
_POLL_MS: Final = 200
_CONSUMER: Final = 1


class _Message(Structure):
    """`rd_kafka_message_t`, part of librdkafka's stable interface."""

    _fields_ = (
        ("err", c_int), ("rkt", c_void_p), ("partition", c_int32), ("payload", c_void_p), ("len", c_size_t),
        ("key", c_void_p), ("key_len", c_size_t), ("offset", c_int64), ("_private", c_void_p),
    )  # fmt: skip


class _TopicPartition(Structure):
    """The beginning of `rd_kafka_topic_partition_t`."""

    _fields_ = (("topic", c_char_p), ("partition", c_int32), ("offset", c_int64))


_SIGNATURES: Final[Mapping[str, tuple[object, tuple[object, ...]]]] = {
    "rd_kafka_conf_new": (c_void_p, ()),
    "rd_kafka_conf_set": (c_int, (c_void_p, c_char_p, c_char_p, c_char_p, c_size_t)),
    "rd_kafka_new": (c_void_p, (c_int, c_void_p, c_char_p, c_size_t)),
    "rd_kafka_poll_set_consumer": (c_int, (c_void_p,)),
    "rd_kafka_topic_partition_list_new": (c_void_p, (c_int,)),
    "rd_kafka_topic_partition_list_add": (POINTER(_TopicPartition), (c_void_p, c_char_p, c_int32)),
    "rd_kafka_topic_partition_list_destroy": (None, (c_void_p,)),
    "rd_kafka_assign": (c_int, (c_void_p, c_void_p)),
    "rd_kafka_consumer_poll": (POINTER(_Message), (c_void_p, c_int)),
    "rd_kafka_message_headers": (c_int, (c_void_p, POINTER(c_void_p))),
    "rd_kafka_message_destroy": (None, (c_void_p,)),
}


class Looked(NamedTuple):
    """What librdkafka says of one message."""

    value: bytes | None
    has_unseen_headers: bool
    """Whether it has headers, none of which librdkafka gives."""


class RawReader:
    """A consumer without a group's membership, for one thread. It lives as long as the process.

    Raises OSError or AttributeError where librdkafka's functions are not found, ValueError where it refuses a setting.
    """

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._library = CDLL(cimpl.__file__)
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(self._library, name)
            function.restype, function.argtypes = result, arguments
        problem = buffer(512)
        configuration = self._library.rd_kafka_conf_new()
        for name, value in {**settings, **_FETCHING}.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            if self._library.rd_kafka_conf_set(configuration, name.encode(), text.encode(), problem, 512):
                raise ValueError(f"librdkafka does not take {name}")
        self._client = self._library.rd_kafka_new(_CONSUMER, configuration, problem, 512)
        if not self._client:
            raise ValueError(problem.value.decode(errors="replace"))
        self._library.rd_kafka_poll_set_consumer(self._client)
        self._next: tuple[str, int, int] | None = None
        """Topic, partition and offset of the message that comes next, if one was read before."""

    def look(self, topic: str, partition: int, offset: int) -> Looked | None:
        """Read one message. None where the broker holds it no longer.

        Raises TimeoutError where it does not come within `ANSWER_SECONDS`.
        """
        is_near = self._next and self._next[:2] == (topic, partition) and 0 <= offset - self._next[2] < NEAR
        if not is_near:
            self._assign(topic, partition, offset)
        self._next = None
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            message = self._library.rd_kafka_consumer_poll(self._client, _POLL_MS)
            if not message:
                continue
            try:
                found = message.contents
                if found.err == 0 and found.offset >= offset:
                    self._next = (topic, partition, found.offset + 1)
                    return self._looked(message) if found.offset == offset else None
                if found.err == KafkaError._PARTITION_EOF and is_near:
                    # Perhaps the client noted the end before the message was published.
                    self._assign(topic, partition, offset)
                    is_near = False
                elif found.err in _GONE:
                    return None
            finally:
                self._library.rd_kafka_message_destroy(message)
        raise TimeoutError

    def rest(self) -> None:
        """Read nothing until the next `look`."""
        self._library.rd_kafka_assign(self._client, None)
        self._next = None

    def _assign(self, topic: str, partition: int, offset: int) -> None:
        chosen = self._library.rd_kafka_topic_partition_list_new(1)
        self._library.rd_kafka_topic_partition_list_add(chosen, topic.encode(), partition).contents.offset = offset
        self._library.rd_kafka_assign(self._client, chosen)
        self._library.rd_kafka_topic_partition_list_destroy(chosen)

    def _looked(self, message: Any) -> Looked:
        found, headers = message.contents, c_void_p()
        value = string_at(found.payload, found.len) if found.payload is not None else None
        error = self._library.rd_kafka_message_headers(message, byref(headers))
        return Looked(value, error == KafkaError._BAD_MSG)
