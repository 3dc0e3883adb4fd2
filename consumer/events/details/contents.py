"""Whether bytes or a text that stood in a message are JSON themselves. Pure, and linear."""

import msgspec

from consumer.events.details.quoting import quoted


def is_json(value: bytes | str) -> bool:
    """Whether all of it is one JSON array or object."""
    try:
        return isinstance(msgspec.json.decode(value), dict | list)
    except (ValueError, RecursionError):
        return False


def begins_json(value: bytes) -> bool:
    """Whether bytes begin as a JSON object or an array does."""
    text = value.lstrip()
    return text[:1] in (b"{", b"[") and text[1:2] in (b'"', b"{", b"[", b"}", b"]", b" ", b"\n", b"\r", b"\t")


def and_holds(inside: bytes) -> str:
    """What the first unpacked bytes are, for the end of a sentence; empty where nothing could be unpacked."""
    if not inside:
        return ""
    return ", and JSON is in it" if begins_json(inside) else f", and {quoted(inside[:20].decode('latin-1'))} is in it"
