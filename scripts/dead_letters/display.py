"""What a person sees of dead letters, and the form in which a program reads them."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from rich.table import Table

from scripts.dead_letters.selection import place_of
from shared.documents import Document

SHOWN_BYTES = 4096


def table(letters: Iterable[Document]) -> Table:
    """One row a letter."""
    rows = Table("place", "reason", "detail", "state", "rejected", "bytes")
    for letter in letters:
        size = letter.get("value_bytes", len(letter["value"] or b""))
        rejected_at = f"{letter['rejected_at']:%Y-%m-%d %H:%M:%S}"
        detail = letter["detail"][:60]
        rows.add_row(place_of(letter), letter["reason"], detail, letter["state"], rejected_at, str(size))
    return rows


def lines(letter: Document) -> Iterator[str]:
    """Everything of one letter: why, where from, what became of it, headers, key and value."""
    identity = letter["_id"]
    yield f"{identity['topic']}, partition {identity['k']}, offset {identity['o']}, generation {identity['g']}"
    yield f"reason     {letter['reason']}: {letter['detail']}" if letter["detail"] else f"reason     {letter['reason']}"
    yield f"state      {letter['state']}"
    for name in ("discarded_at", "replayed_at"):
        if letter.get(name) is not None:
            yield f"{name.replace('_', ' ')}  {letter[name]:%Y-%m-%d %H:%M:%S} UTC"
    if letter.get("replayed_as"):
        yield f"event      {letter['replayed_as']}"
    if letter.get("note"):
        yield f"note       {letter['note']}"
    yield f"recorded   {datetime.fromtimestamp(letter['timestamp_ms'] / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC by Kafka"
    yield f"rejected   {letter['rejected_at']:%Y-%m-%d %H:%M:%S} UTC"
    for name, content in letter["headers"]:
        yield f"header     {name}: {_readable(content)}"
    yield f"key        {_readable(letter['key'])}"
    if letter["truncated"]:
        yield f"value      the first {len(letter['value'] or b'')} of {letter['value_bytes']} bytes; Kafka has the rest"
    else:
        yield f"value      {len(letter['value'] or b'')} bytes"
    yield _readable(letter["value"])


def _readable(content: bytes | None) -> str:
    """Text where it is printable text, hexadecimal elsewhere; the beginning of what is long."""
    if content is None:
        return "(none)"
    cut = bytes(content[:SHOWN_BYTES])
    more = f" … {len(content) - SHOWN_BYTES} bytes more" if len(content) > SHOWN_BYTES else ""
    try:
        text = cut.decode()
    except UnicodeDecodeError:
        text = ""
    if all(character.isprintable() or character in "\n\t" for character in text) and (text or not cut):
        return text + more
    return cut.hex(" ") + more


def as_json(letter: Document) -> dict[str, Any]:
    """JSON-ready, nothing left out; bytes in base64, times as ISO 8601."""
    identity = letter["_id"]
    times = {name: letter.get(name) for name in ("rejected_at", "replayed_at", "discarded_at")}
    return {
        "topic": identity["topic"],
        "partition": identity["k"],
        "offset": identity["o"],
        "generation": identity["g"],
        "timestamp_ms": letter["timestamp_ms"],
        **{name: letter[name] for name in ("reason", "detail", "state", "truncated")},
        **{name: time.isoformat() for name, time in times.items() if time is not None},
        **{name: letter[name] for name in ("value_bytes", "note") if name in letter},
        "key_base64": _base64(letter["key"]),
        "value_base64": _base64(letter["value"]),
        "headers": [[name, _base64(content)] for name, content in letter["headers"]],
    }


def _base64(content: bytes | None) -> str | None:
    return None if content is None else b64encode(content).decode()
