"""Replayed dead letters and their events, each of which must have the other."""

from scripts.audit.findings import Findings, Kind, iso_hour
from scripts.audit.offsets.check import Scope
from scripts.audit.offsets.ledger import Ledger
from scripts.audit.reading.shapes import is_event
from shared.documents import DAY_MS, REJECTED_EVENTS, Document, LetterState, rejected_id
from shared.mongo import SyncDatabase


def judge_replays(database: SyncDatabase, ledger: Ledger, topic: str, scope: Scope, findings: Findings) -> None:
    """Letters whose event was not met are looked up: its day may be gone, or may not have been read. So are events
    whose letter was not replayed: it may have been since it was read."""
    for event in ledger.unexplained:
        letter = database[REJECTED_EVENTS].find_one(
            {"_id": rejected_id(topic, event.place.generation, event.place.partition, event.offset)}, {"state": 1}
        )
        if letter is None or letter.get("state") != LetterState.REPLAYED:
            findings.add(
                Kind.REPLAY_WITHOUT_LETTER,
                f"partition {event.place.partition}, offset {event.offset}: an event of product {event.product}, "
                f"{iso_hour(event.hour)} was replayed from no replayed dead letter",
                partition=event.place.partition,
                generation=event.place.generation,
                offset=event.offset,
                product=event.product,
                hour=event.hour,
            )
    for place, offset in ledger.awaited_replays():
        letter = database[REJECTED_EVENTS].find_one(
            {"_id": rejected_id(topic, place.generation, place.partition, offset)}, {"replayed_as": 1}
        )
        said = (letter or {}).get("replayed_as")
        identity: Document | None = said if is_event(said) else None
        day = identity["t"] // DAY_MS if identity else None
        if day is not None and day < scope.kept_from:
            findings.cannot_judge("replayed events of days that retention dropped")
        elif identity is None or day is None or day in scope.days or not scope.stored(day, identity):
            findings.add(
                Kind.LETTER_WITHOUT_REPLAY,
                f"partition {place.partition}, offset {offset}: a replayed dead letter has no event",
                partition=place.partition,
                generation=place.generation,
                offset=offset,
                product=identity["p"] if identity else None,
            )
