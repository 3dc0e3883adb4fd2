"""Messages with headers that Python's client cannot make: names that are not UTF-8. librdkafka sends them, by ctypes.

Clients in C, Go and .NET, which are made of librdkafka too, send whatever bytes they are given as a header's name.
"""

from collections.abc import Sequence
from ctypes import CDLL, c_size_t, c_ssize_t, c_void_p, create_string_buffer

from confluent_kafka import cimpl

_TOPIC, _VALUE, _FLAGS, _HEADERS, _END = 1, 4, 7, 10, 0
"""Tags of `rd_kafka_producev`, from librdkafka's header file."""
_COPY = 2
_PRODUCER = 0


def publish_raw(servers: str, topic: str, value: bytes, headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Publish one message, whose headers have any names, and wait for the broker."""
    library = CDLL(cimpl.__file__)
    for makes_object in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_headers_new"):
        getattr(library, makes_object).restype = c_void_p
    problem = create_string_buffer(512)
    settings = c_void_p(library.rd_kafka_conf_new())
    assert library.rd_kafka_conf_set(settings, b"bootstrap.servers", servers.encode(), problem, 512) == 0
    producer = c_void_p(library.rd_kafka_new(_PRODUCER, settings, problem, 512))
    made = c_void_p(library.rd_kafka_headers_new(c_size_t(len(headers))))
    for name, content in headers:
        library.rd_kafka_header_add(made, name, c_ssize_t(len(name)), content, c_ssize_t(len(content)))
    length = c_size_t(len(value))
    message = (_TOPIC, topic.encode(), _VALUE, value, length, _FLAGS, _COPY, _HEADERS, made, _END)
    assert library.rd_kafka_producev(producer, *message) == 0
    assert library.rd_kafka_flush(producer, 10_000) == 0
    library.rd_kafka_destroy(producer)
