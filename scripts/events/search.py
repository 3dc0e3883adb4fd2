"""What a person asks for -> findings: by place, by the event's id, by product, or by the message's key."""

from collections.abc import Iterable, Iterator
from typing import Final

from scripts.common.fates.fate import Fate, Known, Lookups, identity_of, place_of
from scripts.common.fates.places import Place, generation_at, generations
from scripts.events.budget import Budget
from scripts.events.finding import Finding
from scripts.events.records import Record, Records
from scripts.events.stored import Stored
from shared.documents import REPLAYED_PARTITION, Document
from shared.errors import SourceUnavailable

FIRST_GENERATION: Final = 1


class Search:
    """One search. `records` is None where Kafka is not to be asked. Every method raises PyMongoError."""

    def __init__(self, lookups: Lookups, stored: Stored, records: Records | None, budget: Budget) -> None:
        self._lookups = lookups
        self._stored = stored
        self._records = records
        self._budget = budget

    def at(self, place: Place) -> list[Finding]:
        """The message at a place, in each generation of the topic that has it, or in the one that is given."""
        partition = self._lookups.partition(place.partition)
        present = generations(partition) if partition is not None else [FIRST_GENERATION]
        chosen = present if place.generation is None else [place.generation]
        record = self._record(place)
        of_record = self._generation(record)
        findings = []
        for generation in chosen:
            of_this = record if generation == of_record else None
            known = self._lookups.fate(place._replace(generation=generation), _identity(of_this))
            if known.fate is Fate.MISSING and (partition is not None and _was_read(partition, known.place)):
                known = self._scanned(known)
            why = record if isinstance(record, str) else "Kafka holds a message of another generation there"
            findings.append(Finding(known, of_this or why))
        return _most_telling(findings, place)

    def by_id(self, event_id: str, product: int | None, rows: int) -> list[Finding]:
        """The events with an id, and the dead letters of duplicates and conflicts that name it."""
        ids = self._stored.known_ids(event_id, product, rows)
        events = [event for each in ids if (event := self._lookups.event(_event_of_id(each))) is not None]
        if not events:
            query = {"event_id": event_id}
            events = (
                self._stored.scanned_events(query, rows)
                if product is None
                else self._stored.of_product(product, query, rows)
            )
        of_product = {} if product is None else {"first.p": product}
        letters = self._stored.letters({"first.i": event_id, **of_product}, rows)
        return [*self._of_events(events), *self._of_letters(letters)]

    def of_product(self, product: int, rows: int) -> list[Finding]:
        """A product's latest events."""
        return list(self._of_events(self._stored.of_product(product, {}, rows)))

    def by_key(self, key: bytes, most: int, rows: int) -> list[Finding]:
        """The dead letters with a key, and what became of the latest messages with it that Kafka still holds."""
        letters = {str(each["_id"]): each for each in self._stored.letters({"key": key}, rows)}
        findings = []
        for record in self._latest(key, most, rows):
            known = self._lookups.fate(record.place, _identity(record), record.topic_id)
            letters.pop(str((known.letter or {}).get("_id")), None)
            findings.append(Finding(known, record))
        return [*findings, *self._of_letters(letters.values())]

    def _scanned(self, known: Known) -> Known:
        """The same, but for an event whose product and time nobody knows: every event has to be looked at."""
        place = known.place
        self._budget.note(f"Kafka does not tell product and time of {place}, so every stored event is looked at")
        query = {"_id.k": place.partition, "_id.o": place.offset, "_id.g": place.generation}
        for event in self._stored.scanned_events(query, 1):
            return Known(place, Fate.COUNTED, event, partition=known.partition)
        return known

    def _of_events(self, events: Iterable[Document]) -> Iterator[Finding]:
        for event in events:
            place = place_of(event["_id"])
            letter = self._lookups.letter(place) if event["_id"]["k"] == REPLAYED_PARTITION else None
            yield self._with_record(Known(place, Fate.COUNTED, event, letter))

    def _of_letters(self, letters: Iterable[Document]) -> Iterator[Finding]:
        for letter in letters:
            identity = letter["_id"]
            place = Place(identity["k"], identity["o"], identity["g"])
            yield self._with_record(self._lookups.fate(place, None))

    def _with_record(self, known: Known) -> Finding:
        record = self._record(known.place)
        if isinstance(record, Record) and self._generation(record) != known.place.generation:
            return Finding(known, "Kafka holds a message of another generation there")
        return Finding(known, record)

    def _record(self, place: Place) -> Record | str:
        if self._records is None:
            return "Kafka was not asked (--no-kafka)"
        if not self._budget.left:
            return "Kafka was not asked: the time was over"
        return self._records.at(place, self._budget.left)

    def _generation(self, record: Record | str) -> int | None:
        """The generation of a message that Kafka holds."""
        if isinstance(record, str):
            return None
        partition = self._lookups.partition(record.place.partition)
        if partition is None:
            return FIRST_GENERATION
        return generation_at(partition, record.place.offset, record.topic_id)

    def _latest(self, key: bytes, most: int, rows: int) -> list[Record]:
        if self._records is None:
            self._budget.leave_out("messages in Kafka were not searched (--no-kafka)")
            return []
        try:
            latest = self._records.latest(key, self._records.partitions(), most, rows, self._budget.left)
        except SourceUnavailable as error:
            self._budget.leave_out(str(error))
            return []
        if latest.looked_at < latest.held:
            self._budget.leave_out(
                f"of {latest.held:,} offsets that Kafka holds the latest {latest.looked_at:,} were searched, and "
                "events are stored without their keys: --records searches more"
            )
        return latest.records


def _identity(record: Record | str | None) -> tuple[int, int] | None:
    """Product and time of the event in a message. They name its document."""
    return None if record is None or isinstance(record, str) else identity_of(record.value, record.time_ms)


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
