"""Dead letters judged again, and stored as events if the contract takes them now.

A letter's change of state, its event and the sums move in one transaction, so whenever a replay dies it has counted
once or not at all. Replayed events stand under partition -1, which no consumer writes; every replay first touches one
document there, so replays and repairs go one after another.

An event keeps its own time. Too old is what was so when Kafka recorded the message, since a letter that waits must not
age; from the future is what is so now, since by now its time may have come. No event goes into a dropped day.
"""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import bson
from bson.errors import BSONError
from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from consumer.batches.increments import Increments
from consumer.events.decode import decode
from consumer.events.encode import Encoder
from consumer.events.event import Event
from consumer.events.rejection import Rejection
from consumer.events.time_limits import TimeLimits
from consumer.process import failpoints
from consumer.storage import commands
from consumer.storage.statements.products import product_update
from consumer.storage.statements.rollups import rollup_updates
from consumer.storage.statements.totals import total_updates
from scripts.common.sessions import in_transaction
from shared.documents import (
    DAY_MS,
    MAINTENANCE,
    PRODUCTS,
    REJECTED_EVENTS,
    REPLAYED_PARTITION,
    REPLAYS,
    RETENTION,
    ROLLUPS,
    TOTALS,
    Document,
    LetterState,
    event_collection,
    first_kept_day,
    replayed_offset,
)
from shared.mongo import SyncDatabase, ensure_event_collection

LETTERS_AT_ONCE: Final = 100
REPLAYED: Final = LetterState.REPLAYED.value
CHANGED: Final = "changed by another program at the same time"
DROPPED_DAY: Final = "retention has dropped the day of its event"


class Accepted(NamedTuple):
    """A letter whose message the contract takes."""

    letter: Document
    event: Event
    offset: int
    document: bytes


class _Changed(Exception):
    """A letter is not in the state it was in; nothing was written."""


class _DroppedDay(Exception):
    """Retention has dropped the day of an event; nothing was written."""


class Replays:
    """Replays letters that are in one of `states`. `value_of` gives a letter's message whole."""

    def __init__(
        self,
        database: SyncDatabase,
        session: ClientSession,
        retention_days: int,
        states: Sequence[str],
        value_of: Callable[[Document], bytes | None],
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._session = session
        self._retention_days = retention_days
        self._states = list(states)
        self._value_of = value_of
        self._clock = clock
        self._run = uuid.uuid4().hex

    def judge(self, letter: Document) -> Accepted | Rejection | str:
        """What the contract says of a letter's message now; text where it stays as it is for another reason."""
        if letter["state"] not in self._states:
            return f"its state is {letter['state']}"
        recorded_ms, now_ms = letter["timestamp_ms"], int(self._clock().timestamp() * 1000)
        oldest_ms = min(recorded_ms, now_ms) - self._retention_days * DAY_MS
        limits = TimeLimits(oldest_ms, TimeLimits.at(now_ms, 0).newest_ms)
        event = decode(self._value_of(letter), recorded_ms, limits)
        if isinstance(event, Rejection):
            return event
        if event.time_ms // DAY_MS < self._kept_from(None):
            return DROPPED_DAY
        place = letter["_id"]
        offset = replayed_offset(place["k"], place["o"])
        try:
            document = Encoder(REPLAYED_PARTITION, place["g"]).encode(event, offset)
        except (BSONError, OverflowError, ValueError) as error:
            return f"MongoDB would refuse it: {error}"
        return Accepted(letter, event, offset, document)

    def store(self, accepted: Sequence[Accepted]) -> list[tuple[Accepted, str]]:
        """Store letters, together if that succeeds, else each alone. What became of each."""
        for name in {event_collection(one.event.time_ms) for one in accepted}:
            ensure_event_collection(self._database, name)
        outcome = self._attempt(accepted)
        if outcome != REPLAYED and len(accepted) > 1:
            return [(one, self._attempt([one])) for one in accepted]
        return [(one, outcome) for one in accepted]

    def _attempt(self, accepted: Sequence[Accepted]) -> str:
        try:
            in_transaction(self._session, lambda session: self._write(session, accepted))
        except _Changed:
            # A commit whose reply was lost has made the change itself.
            return REPLAYED if self._are_replayed(accepted) else CHANGED
        except _DroppedDay:
            return DROPPED_DAY
        except BulkWriteError as error:
            return f"MongoDB refuses it: {error.details['writeErrors'][0]['errmsg']}"
        failpoints.reach("replay_after_commit")
        return REPLAYED

    def _write(self, session: ClientSession, accepted: Sequence[Accepted]) -> None:
        failpoints.reach("replay_before")
        touched = {"$inc": {"count": len(accepted)}}
        self._database[MAINTENANCE].update_one({"_id": REPLAYS}, touched, upsert=True, session=session)
        if min(one.event.time_ms for one in accepted) // DAY_MS < self._kept_from(session):
            raise _DroppedDay
        self._change_states(session, accepted)
        failpoints.reach("replay_after_states")
        for name, documents in _by_day(accepted).items():
            commands.insert(self._database, name, documents, session)
        failpoints.reach("replay_after_events")
        replayed = Increments()
        for one in accepted:
            replayed.add(one.event, one.offset, one.document)
        increments = {REPLAYED_PARTITION: replayed}
        products = [
            product_update(product, REPLAYED_PARTITION, added, added.latest)
            for product, added in replayed.products.items()
        ]
        commands.update(self._database, ROLLUPS, rollup_updates(increments), session)
        commands.update(self._database, TOTALS, total_updates(increments), session)
        commands.update(self._database, PRODUCTS, products, session)
        failpoints.reach("replay_before_commit")

    def _change_states(self, session: ClientSession, accepted: Sequence[Accepted]) -> None:
        now = self._clock()
        changes = [
            UpdateOne(
                {"_id": one.letter["_id"], "state": {"$in": self._states}},
                {
                    "$set": {
                        "state": REPLAYED,
                        "replayed_at": now,
                        "replayed_by": self._run,
                        "replayed_as": bson.decode(one.document)["_id"],
                    }
                },
            )
            for one in accepted
        ]
        if self._database[REJECTED_EVENTS].bulk_write(changes, session=session).matched_count != len(changes):
            raise _Changed

    def _are_replayed(self, accepted: Sequence[Accepted]) -> bool:
        """Whether this process's own attempt made all of them events."""
        wanted = [{"_id": one.letter["_id"], "replayed_by": self._run} for one in accepted]
        return self._database[REJECTED_EVENTS].count_documents({"$or": wanted}) == len(wanted)

    def _kept_from(self, session: ClientSession | None) -> int:
        """The first day whose events retention has not dropped."""
        return first_kept_day(self._database[MAINTENANCE].find_one({"_id": RETENTION}, session=session))


def _by_day(accepted: Sequence[Accepted]) -> dict[str, list[bytes]]:
    days: dict[str, list[bytes]] = {}
    for one in accepted:
        days.setdefault(event_collection(one.event.time_ms), []).append(one.document)
    return days
