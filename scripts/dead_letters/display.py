"""Shows dead letters: a table and text for a person, JSON for a program."""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from rich.table import Table

from scripts.dead_letters.selection import coordinates_of
from shared.documents import Document

FILE_WIDTH: Final = 200
"""Columns of a table that goes into a file or a pipe: with so many, rows are not broken. At half, most would be; at
twice, rich leaves the rest empty."""
SHOWN_BYTES: Final = 4096
"""So much of a key, value or header is shown, which is a screenful or two. At half, larger events are cut; at twice, a
binary value fills more of the terminal. `export` writes everything."""
_DETAIL_CHARACTERS: Final = 60
"""So much of a detail is in the table, to keep a letter on one line; `show` has all of it."""


def table(letters: Iterable[Document]) -> Table:
    """A row for each letter."""
    rows = Table("coordinates", "reason", "detail", "state", "rejected", "bytes")
    for letter in letters:
        size = letter.get("value_bytes", len(letter["value"] or b""))
        rejected_at = f"{letter['rejected_at']:%Y-%m-%d %H:%M:%S}"
        detail = letter["detail"][:_DETAIL_CHARACTERS]
        rows.add_row(coordinates_of(letter), letter["reason"], detail, letter["state"], rejected_at, str(size))
    return rows


def lines(letter: Document) -> Iterator[str]:
    """All of one letter, line by line: coordinates, reason, state, times, headers, key and value."""
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
    left_out = letter.get("headers_left_out", 0)
    if left_out != 0:
        many = "an unknown number" if left_out is None else left_out
        yield f"headers    {many} more are left out; Kafka has them"
    yield f"key        {_readable(letter['key'])}"
    if letter.get("key_bytes", 0) > len(letter["key"] or b""):
        yield f"           the first {len(letter['key'])} of {letter['key_bytes']} bytes; Kafka has the rest"
    if letter.get("value_bytes", 0) > len(letter["value"] or b""):
        yield f"value      the first {len(letter['value'] or b'')} of {letter['value_bytes']} bytes; Kafka has the rest"
    else:
        yield f"value      {len(letter['value'] or b'')} bytes"
    yield _readable(letter["value"])


def _readable(content: bytes | None) -> str:
    """The first bytes as text if they are printable text, else in hexadecimal; then how many bytes are left out."""
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
    """A letter as JSON has it: bytes in base64, times in ISO 8601; what has not happened is left out."""
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
        **{name: letter[name] for name in ("key_bytes", "value_bytes", "headers_left_out", "note") if name in letter},
        "key_base64": _base64(letter["key"]),
        "value_base64": _base64(letter["value"]),
        "headers": [[name, _base64(content)] for name, content in letter["headers"]],
    }


def counted(counts: Mapping[str, int]) -> str:
    """How many letters have each outcome or reason, as text: `3 replayed, 1 its state is discarded`."""
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))


def _base64(content: bytes | None) -> str | None:
    return None if content is None else b64encode(content).decode()
