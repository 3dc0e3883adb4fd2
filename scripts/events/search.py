"""What a person asks for -> findings: by place, by the event's id, by product, or by the message's key."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from scripts.common.fates.fate import Fate, Known, Lookups, fate_of, identity_of, place_of
from scripts.common.fates.places import Place, generations
from scripts.events.budget import Budget, TimeOver
from scripts.events.finding import Finding
from scripts.events.messages import FIRST_GENERATION, Messages
from scripts.events.records import Record
from scripts.events.stored import Stored
from shared.documents import REPLAYED_PARTITION, Document

OTHER_REASONS: Final = (
    "messages that were rejected for other reasons are not found by their id: --key or --at finds them"
)


class Search:
    """One search. Every method raises PyMongoError."""

    def __init__(self, lookups: Lookups, stored: Stored, messages: Messages, budget: Budget) -> None:
        self._lookups = lookups
        self._stored = stored
        self._messages = messages
        self._budget = budget

    def at(self, place: Place) -> list[Finding]:
        """The message at a place, in each generation of the topic that has it, or in the one that is given."""
        return _most_telling(self._budget.in_time(self._at(place)), place)

    def _at(self, place: Place) -> Iterator[Finding]:
        partition = self._budget.ask(lambda: self._lookups.partition(place.partition))
        present = generations(partition) if partition is not None else [FIRST_GENERATION]
        chosen = present if place.generation is None else [place.generation]
        record = self._messages.at(place)
        of_record = self._messages.generation(record)
        for generation in chosen:
            of_this = record if generation == of_record else None
            known = self._fate(place._replace(generation=generation), _identity(of_this))
            if known.fate is Fate.MISSING and (partition is not None and _was_read(partition, known.place)):
                known = self._scanned(known)
            why = record if isinstance(record, str) else "Kafka holds a message of another generation there"
            yield Finding(known, of_this or why)

    def by_id(self, event_id: str, product: int | None, rows: int) -> list[Finding]:
        """The events with an id, and the dead letters of duplicates and conflicts that name it.

        An id counts once while MongoDB knows it, so there may be older events with it, those of other products, and
        such as were replayed in spite of it. So the events are searched even where the id is known.
        """
        self._budget.note(OTHER_REASONS)
        known = self._budget.in_time(self._of_known_ids(event_id, product, rows))
        # Letters come before the scan of events, which may take all of the time that is left.
        of_product = {} if product is None else {"first.p": product}
        letters = self._stored.letters({"first.i": event_id, **of_product}, rows)
        events = {tuple(event["_id"].items()): event for event in known}
        events |= {tuple(event["_id"].items()): event for event in self._with_id(event_id, product, rows)}
        findings = list(self._of_events(list(events.values())[:rows]))
        found = {finding.known.place for finding in findings}  # a letter that was replayed is shown with its event
        return [*findings, *self._of_letters(letter for letter in letters if _place_of_letter(letter) not in found)]

    def _of_known_ids(self, event_id: str, product: int | None, rows: int) -> Iterator[Document]:
        """The events that `event_ids` names."""
        for each in self._stored.known_ids(event_id, product, rows):
            identity = _event_of_id(each)
            event = self._budget.ask(partial(self._lookups.event, identity))
            if event is not None:
                yield event

    def _with_id(self, event_id: str, product: int | None, rows: int) -> list[Document]:
        """The events that hold an id: a product's, or all that there is time for."""
        query = {"event_id": event_id}
        if product is None:
            return self._stored.scanned_events(query, rows)
        return self._stored.of_product(product, query, rows)

    def of_product(self, product: int, rows: int) -> list[Finding]:
        """A product's latest events."""
        return list(self._of_events(self._stored.of_product(product, {}, rows)))

    def by_key(self, key: bytes, most: int, rows: int) -> list[Finding]:
        """The dead letters with a key, and what became of the latest messages with it that Kafka still holds."""
        letters = {str(each["_id"]): each for each in self._stored.letters({"key": key}, rows)}
        findings = self._budget.in_time(self._of_records(self._messages.latest(key, most, rows)))
        for finding in findings:
            letters.pop(str((finding.known.letter or {}).get("_id")), None)
        return [*findings, *self._of_letters(letters.values())]

    def _of_records(self, records: Iterable[Record]) -> Iterator[Finding]:
        for record in records:
            yield Finding(self._fate(record.place, _identity(record), record.topic_id), record)

    def _fate(self, place: Place, event: tuple[int, int] | None, topic_id: str = "") -> Known:
        return self._budget.ask(lambda: self._lookups.fate(place, event, topic_id))

    def _scanned(self, known: Known) -> Known:
        """The same, but for an event whose product and time nobody knows: every event has to be looked at."""
        place = known.place
        self._budget.note(f"Kafka does not tell product and time of {place}, so every stored event is looked at")
        query = {"_id.k": place.partition, "_id.o": place.offset, "_id.g": place.generation}
        found = self._stored.scanned_events(query, 1)
        return Known(place, Fate.COUNTED, found[0], partition=known.partition) if found else known

    def _of_events(self, events: Iterable[Document]) -> Iterator[Finding]:
        for event in events:
            place = place_of(event["_id"])
            letter = self._letter(place) if event["_id"]["k"] == REPLAYED_PARTITION else None
            yield self._messages.beside(Known(place, Fate.COUNTED, event, letter))

    def _letter(self, place: Place) -> Document | None:
        try:
            return self._budget.ask(lambda: self._lookups.letter(place))
        except TimeOver:
            return None

    def _of_letters(self, letters: Iterable[Document]) -> Iterator[Finding]:
        for letter in letters:
            place = _place_of_letter(letter)
            try:
                known = self._fate(place, None)
            except TimeOver:  # what has been found is shown all the same
                known = Known(place, fate_of(letter), letter=letter)
            yield self._messages.beside(known)


def _identity(record: Record | str | None) -> tuple[int, int] | None:
    """Product and time of the event in a message. They name its document."""
    return None if record is None or isinstance(record, str) else identity_of(record.value, record.time_ms)


def _place_of_letter(letter: Document) -> Place:
    identity = letter["_id"]
    return Place(identity["k"], identity["o"], identity["g"])


def _event_of_id(known_id: Document) -> Document:
    """The `_id` of the event that a document of `event_ids` names."""
    return {"p": known_id["_id"]["p"], **{name: known_id[name] for name in ("t", "k", "o", "g")}}


def _was_read(partition: Document, place: Place) -> bool:
    """Whether this generation has read the offset, so that an event of it may be stored."""
    for each in (partition, *partition.get("past", [])):
        if each["generation"] == place.generation:
            return bool(each["first_offset"] <= place.offset < each["next_offset"])
    return False


def _most_telling(findings: list[Finding], place: Place) -> list[Finding]:
    """All but the generations that do not have the offset, unless none has it or one was asked for."""
    told = [each for each in findings if each.known.fate is not Fate.MISSING]
    return findings[:1] if not told or place.generation is not None else told
