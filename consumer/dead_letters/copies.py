"""A dead letter -> its copy for the dead-letter topic, in as many forms as brokers may ask for. Pure."""

from enum import Enum
from typing import Any

from consumer.dead_letters.record import KEEP_CUT_BYTES
from shared.documents import Document


class Form(Enum):
    """How much of a message a copy holds, from all to nothing; the next where a broker finds one too large."""

    WHOLE = "whole"
    CUT = "cut"
    """The beginning of key and value, no headers of the original's."""
    BARE = "bare"
    """Why and from where alone."""


def copy_of(document: Document, form: Form = Form.WHOLE) -> dict[str, Any]:
    """Key, value and headers: the original's, then why and from where.

    `dead-letter-truncated` tells that some of the original's is missing, `dead-letter-value-bytes` its value's length.
    """
    source = document["_id"]
    key, value = document["key"], document["value"]
    about = {
        "dead-letter-reason": document["reason"],
        "dead-letter-detail": document["detail"],
        "dead-letter-topic": source["topic"],
        "dead-letter-partition": source["k"],
        "dead-letter-offset": source["o"],
        "dead-letter-generation": source["g"],
        "dead-letter-timestamp": document["timestamp_ms"],
        "dead-letter-truncated": str(form is not Form.WHOLE or document["truncated"]).lower(),
        "dead-letter-value-bytes": document.get("value_bytes", len(value or b"")),
    }
    headers = [(name, content) for name, content in document["headers"]] if form is Form.WHOLE else []
    return {
        "key": _kept(key, form),
        "value": _kept(value, form),
        "headers": headers + [(name, str(content).encode()) for name, content in about.items()],
    }


def size_of(document: Document) -> int:
    """About how many bytes a dead letter's key, value and headers take."""
    headers = sum(len(name) + len(content or b"") for name, content in document["headers"])
    return len(document["key"] or b"") + len(document["value"] or b"") + headers


def _kept(content: bytes | None, form: Form) -> bytes | None:
    if content is None or form is Form.WHOLE:
        return content
    return content[:KEEP_CUT_BYTES] if form is Form.CUT else None
