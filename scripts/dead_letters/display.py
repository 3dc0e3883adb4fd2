"""Shows dead letters: a table and text for a person, JSON for a program."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from scripts.common.console import LiteralConsole
from scripts.common.contents import base64, lines_of, text_of
from scripts.common.documents import each
from scripts.common.times import record_time, rfc3339, shown
from shared.documents import Document, coordinates_of, place_name

_COLUMNS: Final = ("coordinates", "rejected (UTC)", "reason", "detail", "state", "bytes")
_TIMES: Final = ("rejected_at", "replayed_at", "discarded_at")
_OPTIONAL: Final = (
    "key_bytes",
    "value_bytes",
    "headers_left_out",
    "note",
    "replayed_as",
    "replayed_by",
    "replayed_as_new",
    "first",
    "copy_pending",
    "copy_refused",
)


def print_list(console: LiteralConsole, summaries: Iterable[Document]) -> None:
    """Print a table with a row for each letter, given by what `Selection.summaries` yields."""
    unfit = len(_COLUMNS) - 2
    console.table(
        _COLUMNS, each(summaries, _cells, lambda letter, why: (str(letter.get("_id")), *(None,) * unfit, why))
    )


def _cells(letter: Document) -> tuple[str | int | None, ...]:
    """A row of the table, in the order of `_COLUMNS`."""
    rejected = shown(letter["rejected_at"])
    return coordinates_of(letter), rejected, letter["reason"], letter["detail"], letter["state"], letter["size"]


def summaries_as_json(summaries: Iterable[Document]) -> list[dict[str, Any]]:
    """The same as JSON: `as_json` without the message, and `value_bytes` for each letter."""
    return list(each(summaries, _summary_as_json, _unfit_as_json))


def _summary_as_json(letter: Document) -> dict[str, Any]:
    return _about(letter) | {"value_bytes": letter["size"]}


def lines(letter: Document) -> list[str]:
    """All of one letter, line by line: coordinates, reason, state, times, headers, key and value."""
    (shown_lines,) = each([letter], _lines, lambda damaged, why: [f"{damaged.get('_id')} {why}", str(damaged)])
    return shown_lines


def _lines(letter: Document) -> list[str]:
    return list(_each_line(letter))


def _each_line(letter: Document) -> Iterator[str]:
    identity = letter["_id"]
    yield f"{identity['topic']}, partition {identity['k']}, offset {identity['o']}, generation {identity['g']}"
    yield f"reason     {letter['reason']}: {letter['detail']}" if letter["detail"] else f"reason     {letter['reason']}"
    yield f"state      {letter['state']}" + (", as a new event" if letter.get("replayed_as_new") else "")
    if letter.get("first"):
        yield f"first      {place_name(letter['first'])}, event_id {letter['first']['i']}"
    for name in ("discarded_at", "replayed_at"):
        if letter.get(name) is not None:
            yield f"{name.replace('_', ' ')}  {shown(letter[name])} UTC"
    if letter.get("replayed_as"):
        yield f"event      {letter['replayed_as']}"
    if letter.get("note"):
        yield f"note       {letter['note']}"
    yield f"recorded   {record_time(letter['timestamp_ms'])}, by Kafka"
    yield f"rejected   {shown(letter['rejected_at'])} UTC"
    for name, content in letter["headers"]:
        yield f"header     {name}: {text_of(content)}"
    left_out = letter.get("headers_left_out", 0)
    if left_out != 0:
        many = "an unknown number" if left_out is None else left_out
        yield f"headers    {many} more are left out; Kafka has them"
    yield f"key        {text_of(letter['key'])}"
    if letter.get("key_bytes", 0) > len(letter["key"] or b""):
        yield f"           the first {len(letter['key'])} of {letter['key_bytes']} bytes; Kafka has the rest"
    if letter.get("value_bytes", 0) > len(letter["value"] or b""):
        yield f"value      the first {len(letter['value'] or b'')} of {letter['value_bytes']} bytes; Kafka has the rest"
    else:
        yield f"value      {len(letter['value'] or b'')} bytes"
    yield from lines_of(letter["value"])


def all_as_json(letters: Iterable[Document]) -> Iterator[dict[str, Any]]:
    """Each letter by `as_json`; of a letter that another program damaged, its `_id` as text and what is wrong."""
    return each(letters, as_json, _unfit_as_json)


def as_json(letter: Document) -> dict[str, Any]:
    """A letter as JSON has it: bytes in base64, times in RFC 3339; what has not happened is left out."""
    return _about(letter) | {
        "key_base64": base64(letter["key"]),
        "value_base64": base64(letter["value"]),
        "headers": [[name, base64(content)] for name, content in letter["headers"]],
    }


def _about(letter: Document) -> dict[str, Any]:
    """What is stored about a letter beside the message itself."""
    identity = letter["_id"]
    return {
        "coordinates": coordinates_of(letter),
        "topic": identity["topic"],
        "partition": identity["k"],
        "offset": identity["o"],
        "generation": identity["g"],
        "timestamp_ms": letter["timestamp_ms"],
        **{name: letter[name] for name in ("reason", "detail", "state", "truncated")},
        **{name: rfc3339(letter[name]) for name in _TIMES if letter.get(name) is not None},
        **{name: letter[name] for name in _OPTIONAL if name in letter},
    }


def _unfit_as_json(letter: Document, why: str) -> dict[str, Any]:
    return {"id": str(letter.get("_id")), "error": why}


def counted(counts: Mapping[str, int]) -> str:
    """How many letters have each outcome or reason, as text: `3 replayed, 1 its state is discarded`."""
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
