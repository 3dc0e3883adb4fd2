"""Replayed dead letters and their events: each must have the other."""

from scripts.audit.findings import Findings, Kind, iso_hour
from scripts.audit.offsets.ledger import Ledger
from scripts.audit.offsets.scope import Scope
from scripts.audit.reading.shapes import is_event_id
from shared.documents import DAY_MS, REJECTED_EVENTS, Document, LetterState, rejected_id
from shared.mongo import SyncDatabase


def check_replays(database: SyncDatabase, ledger: Ledger, topic: str, scope: Scope, findings: Findings) -> None:
    """Look up what the ledger could not match, and report what is still without its counterpart.

    An event without a replayed letter is judged by its letter as it is now: a replay may have changed the letter after
    the audit read it. A letter without an event is judged by its day: retention may have dropped the day, or the audit
    may not have read it, and then MongoDB is asked for the event.
    """
    for event in ledger.unmatched:
        partition = event.partition
        letter = database[REJECTED_EVENTS].find_one(
            {"_id": rejected_id(topic, partition.generation, partition.number, event.offset)}, {"state": 1}
        )
        if letter is None or letter.get("state") != LetterState.REPLAYED:
            findings.add(
                Kind.REPLAY_WITHOUT_LETTER,
                f"partition {partition.number}, offset {event.offset}: a replayed event of product {event.product}, "
                f"{iso_hour(event.hour)}, is stored, but there is no dead letter in the state replayed",
                partition=partition.number,
                generation=partition.generation,
                offset=event.offset,
                product=event.product,
                hour=event.hour,
            )
    for partition, offset in ledger.letters_without_event():
        letter = database[REJECTED_EVENTS].find_one(
            {"_id": rejected_id(topic, partition.generation, partition.number, offset)}, {"replayed_as": 1}
        )
        replayed_as = (letter or {}).get("replayed_as")
        identity: Document | None = replayed_as if is_event_id(replayed_as) else None
        day = identity["t"] // DAY_MS if identity else None
        if day is not None and day < scope.kept_from:
            findings.cannot_judge("replayed events of days that retention dropped")
        elif identity is None or day is None or day in scope.days or not scope.is_stored(day, identity):
            findings.add(
                Kind.LETTER_WITHOUT_REPLAY,
                f"partition {partition.number}, offset {offset}: a dead letter in the state replayed has no event",
                partition=partition.number,
                generation=partition.generation,
                offset=offset,
                product=identity["p"] if identity else None,
            )
