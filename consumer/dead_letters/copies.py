"""A dead letter -> its copy for the dead-letter topic, in the forms that a broker may ask for. Pure."""

from enum import Enum
from typing import Any, Final

from consumer.dead_letters.record import KEEP_CUT_BYTES
from shared.documents import Document

MOST_HEADERS: Final = 99_000
"""Of a letter with more headers, a copy has none: librdkafka's readers see no headers at all where there are more than
100,000, and the copy's own come on top. At half, fewer copies have all headers. At twice, nobody could read them."""


class Form(Enum):
    """How much of the message a copy holds, from all to nothing. Where a broker refuses one as too large, the next."""

    WHOLE = "whole"
    """All that the dead letter holds."""
    CUT = "cut"
    """The first 64 KiB of key and value, without the message's own headers."""
    BARE = "bare"
    """Only the headers that say why the message was rejected and where it is in Kafka."""


def copy_of(document: Document, form: Form = Form.WHOLE) -> dict[str, Any]:
    """The copy of a dead letter, as arguments of a producer's `produce`: key, value and headers.

    The message's own headers come first, then those of this project. `dead-letter-truncated` is `true` where the copy
    lacks some of the message, and `dead-letter-value-bytes` is the length of the message's whole value. Where the copy
    lacks headers, `dead-letter-headers-left-out` says how many, or `unknown`.
    """
    coordinates = document["_id"]
    key, value, own = document["key"], document["value"], document["headers"]
    kept = own if form is Form.WHOLE and len(own) <= MOST_HEADERS else []
    left_out = document.get("headers_left_out", 0)
    if left_out is not None:
        left_out += len(own) - len(kept)
    about = {
        "dead-letter-reason": document["reason"],
        "dead-letter-detail": document["detail"],
        "dead-letter-topic": coordinates["topic"],
        "dead-letter-partition": coordinates["k"],
        "dead-letter-offset": coordinates["o"],
        "dead-letter-generation": coordinates["g"],
        "dead-letter-timestamp": document["timestamp_ms"],
        "dead-letter-truncated": str(form is not Form.WHOLE or document["truncated"] or left_out != 0).lower(),
        "dead-letter-value-bytes": document.get("value_bytes", len(value or b"")),
    }
    if left_out != 0:
        about["dead-letter-headers-left-out"] = "unknown" if left_out is None else left_out
    return {
        "key": _kept(key, form),
        "value": _kept(value, form),
        "headers": [(name, content) for name, content in kept]
        + [(name, str(content).encode()) for name, content in about.items()],
    }


def size_of(document: Document) -> int:
    """About how many bytes the key, the value and the headers of a dead letter take."""
    headers = sum(len(name) + len(content or b"") for name, content in document["headers"])
    return len(document["key"] or b"") + len(document["value"] or b"") + headers


def _kept(content: bytes | None, form: Form) -> bytes | None:
    """What a copy of this form holds of a key or a value."""
    if content is None or form is Form.WHOLE:
        return content
    return content[:KEEP_CUT_BYTES] if form is Form.CUT else None
