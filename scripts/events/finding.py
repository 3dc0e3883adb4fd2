"""What is known of one message -> lines for a person, JSON for a program."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from bson.datetime_ms import DatetimeMS

from scripts.common.console import json_text
from scripts.common.contents import base64, lines_of, text_of
from scripts.common.fates.fate import Fate, Known
from scripts.common.fates.words import sentence
from scripts.common.times import record_time, rfc3339, shown
from scripts.events.records import Record
from shared.documents import Document, coordinates_of


class Finding(NamedTuple):
    """One message: what MongoDB holds of it, and Kafka's message itself, or in words why it is not there."""

    known: Known
    record: Record | str

    @property
    def is_there(self) -> bool:
        """Whether MongoDB or Kafka holds anything of it."""
        return self.known.fate not in (Fate.MISSING, Fate.WAITING) or isinstance(self.record, Record)

    def lines(self) -> Iterator[str]:
        """All of it for a person, a line each."""
        yield f"{self.known.place}  {sentence(self.known)}"
        if self.known.event is not None:
            what = "event" if self.known.fate is Fate.COUNTED else "first"
            yield f"{what:10} {json_text(_plain(self.known.event))}"
        if self.known.letter is not None:
            yield from _letter_lines(self.known.letter)
        if isinstance(self.record, str):
            yield f"message    {self.record}"
        else:
            yield from _record_lines(self.record)

    def as_json(self) -> dict[str, Any]:
        """All of it for a program. What is not there is null."""
        known, record = self.known, self.record
        event = None if known.event is None else {"collection": known.collection, "document": _plain(known.event)}
        return {
            "place": str(known.place),
            "partition": known.place.partition,
            "offset": known.place.offset,
            "generation": known.place.generation,
            "fate": known.fate.value,
            "explanation": sentence(known),
            "event": event if known.fate is Fate.COUNTED else None,
            "first": event if known.fate is not Fate.COUNTED else None,
            "letter": None if known.letter is None else _plain(known.letter),
            "message": None if isinstance(record, str) else _record_json(record),
            "message_problem": record if isinstance(record, str) else None,
        }


def _letter_lines(letter: Document) -> Iterator[str]:
    yield (
        f"letter     {coordinates_of(letter)}, {letter.get('state')}, rejected {shown(letter.get('rejected_at'))} UTC "
        f"as {letter.get('reason')}: {letter.get('detail')}"
    )
    if letter.get("replayed_as"):
        yield f"replayed   {shown(letter.get('replayed_at'))} UTC by {letter.get('replayed_by')}"
    if letter.get("note"):
        yield f"note       {letter['note']}"


def _record_lines(record: Record) -> Iterator[str]:
    yield f"recorded   {record_time(record.time_ms)}, by Kafka"
    yield f"key        {text_of(record.key)}"
    for name, content in record.headers:
        yield f"header     {name}: {text_of(content)}"
    if record.hidden_headers != 0:
        how_many = "an unknown number of" if record.hidden_headers is None else record.hidden_headers
        yield f"header     {how_many} headers are not shown: the name of one is not UTF-8"
    yield f"value      {'none' if record.value is None else f'{len(record.value)} bytes'}"
    if record.value:
        yield from lines_of(record.value)


def _record_json(record: Record) -> dict[str, Any]:
    return {
        "timestamp_ms": record.time_ms,
        "key_base64": base64(record.key),
        "value_base64": base64(record.value),
        "headers": [[name, base64(content)] for name, content in record.headers],
        "hidden_headers": record.hidden_headers,
    }


def _plain(value: Any) -> Any:
    """A document as JSON can hold it: bytes in base64, times in RFC 3339."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, bytes):
        return base64(value)
    return rfc3339(value) if isinstance(value, datetime | DatetimeMS) else value
