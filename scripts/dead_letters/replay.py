"""Judges dead letters again, and stores those as events that the contract accepts now.

One transaction changes the letters' state, inserts their events and adds to the sums. So a replay that dies has counted
a letter once or not at all. Replayed events are stored under partition -1, which no consumer writes. Every replay first
writes the document `replays` of `maintenance`, as every repair of these sums does, so they run one after another.

A replayed event keeps its own time. It is too old only if it was so when Kafka recorded the message, since a letter
does not age while it waits; where Kafka's time of the message cannot be right, if it was so when the consumer rejected
the message. It is from the future only if it is so now, since its time may have come while the letter waited. No event
is stored in a day that retention has dropped, or is about to drop: the transaction changes the document `retention` of
`maintenance`, as retention does before it drops a day. MongoDB lets only one of the two commit, so a replay either runs
before the drop, or sees it.
"""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import bson
from bson.errors import BSONError
from pymongo import ReturnDocument, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from consumer.batches.increments import Increments
from consumer.events.decode import decode
from consumer.events.encode import Encoder
from consumer.events.event import Event
from consumer.events.rejection import Rejection
from consumer.events.time_limits import TimeLimits
from consumer.process import failpoints
from consumer.retention import ROUND_SECONDS, first_day_to_keep
from consumer.storage import commands
from consumer.storage.statements.products import product_update
from consumer.storage.statements.recent_sums import recent_document, recent_fields
from consumer.storage.statements.rollups import rollup_updates
from consumer.storage.statements.totals import total_updates
from scripts.common.sessions import in_transaction
from scripts.dead_letters.replayed_ids import IdTaken, ReplayedIds
from shared.documents import (
    DAY_MS,
    MAINTENANCE,
    PRODUCTS,
    RECENT_SUMS,
    REJECTED_EVENTS,
    REPLAYED_PARTITION,
    REPLAYS,
    REPLAYS_GENERATION,
    RETENTION,
    ROLLUPS,
    TOTALS,
    Document,
    LetterState,
    event_collection,
    first_kept_day,
    milliseconds,
    replayed_offset,
)
from shared.mongo import SyncDatabase, brief, ensure_event_collection

LETTERS_AT_ONCE: Final = 100
"""Letters in one transaction. With twice as many, a letter that MongoDB refuses makes twice as many be stored again one
by one, and a repair or another replay waits longer; with half as many, twice as many commits are waited for."""
REPLAYED: Final = LetterState.REPLAYED.value
CHANGED: Final = "another program changed it at the same time"
DROPPED_DAY: Final = "retention no longer keeps the day of its event"
KAFKAS_YEAR_MS: Final = 1_293_840_000_000
"""2011 began, the year in which Kafka was published. A time before it was given in another unit than milliseconds, or
not at all. A later bound would distrust old records that were copied here with their times; an earlier one, as far as
1970, trusts no more of the real ones."""


class Accepted(NamedTuple):
    """A letter whose message the contract accepts."""

    letter: Document
    event: Event
    offset: int
    """The event's `o` under partition -1: see `shared.documents.replayed_offset`."""
    document: bytes
    """The event as BSON, as its day's collection stores it."""
    expired: datetime | None = None
    """The `at` of the event's id, where MongoDB holds it still though its time is over."""


class _Changed(Exception):
    """Another program has changed a letter's state; nothing was written."""


class _DroppedDay(Exception):
    """Retention has dropped the day of an event meanwhile, or will within the hour; nothing was written."""


class Replays:
    """Replays letters that are in one of `states`. Not for several threads: it writes in one session.

    `value_of` returns a letter's whole value, or raises `Gone`. `clock` gives the time in UTC. `ids` says which ids
    have counted.
    """

    def __init__(
        self,
        database: SyncDatabase,
        session: ClientSession,
        retention_days: int,
        states: Sequence[str],
        value_of: Callable[[Document], bytes | None],
        clock: Callable[[], datetime],
        ids: ReplayedIds,
    ) -> None:
        self._ids = ids
        self._database = database
        self._session = session
        self._retention_days = retention_days
        self._states = list(states)
        self._value_of = value_of
        self._clock = clock
        self._run = uuid.uuid4().hex

    def judge(self, letter: Document) -> Accepted | Rejection | str:
        """What the contract says of a letter's message now: accepted or a rejection. Text says why the letter is left
        as it is for another reason. Raises what `value_of` raises, and PyMongoError."""
        if letter["state"] not in self._states:
            return f"its state is {letter['state']}"
        oldest_ms = TimeLimits.at(aged_to_ms(letter), self._retention_days).oldest_ms
        newest_ms = TimeLimits.at(milliseconds(self._clock()), 0).newest_ms
        limits, header_id = TimeLimits(oldest_ms, newest_ms), self._ids.header_of(letter)
        event = decode(self._value_of(letter), letter["timestamp_ms"], limits, header_id, self._ids.header)
        if isinstance(event, Rejection):
            return event
        expired = self._ids.judge(event, letter, self._clock())
        if isinstance(expired, Rejection | str):
            return expired
        if event.time_ms // DAY_MS < self._kept_from(self._database[MAINTENANCE].find_one({"_id": RETENTION}), None):
            return DROPPED_DAY
        identity = letter["_id"]
        offset = replayed_offset(identity["k"], identity["o"])
        try:
            document = Encoder(REPLAYED_PARTITION, identity["g"]).encode(event, offset)
        except (BSONError, OverflowError, ValueError) as error:
            return f"its event does not fit into a document of MongoDB: {type(error).__name__}"
        return Accepted(letter, event, offset, self._ids.marked(document), expired)

    def keep(self, letter: Document, rejection: Rejection) -> None:
        """Keep with a letter that its event repeats an id, so that it stays rejected once the id is forgotten. Raises
        PyMongoError."""
        if rejection.first is None or letter["reason"] == rejection.reason.value:
            return
        kept = {"reason": rejection.reason.value, "detail": rejection.detail, "first": rejection.first}
        unchanged = {"_id": letter["_id"], "state": letter["state"], "reason": letter["reason"]}
        self._database[REJECTED_EVENTS].update_one(unchanged, {"$set": kept})

    def store(self, accepted: Sequence[Accepted]) -> list[tuple[Accepted, str]]:
        """Store letters in one transaction; if it fails, each in a transaction of its own. Blocks until they are done.

        Returns each with its outcome: `REPLAYED`, or in words why it was left as it is. Raises PyMongoError when
        MongoDB does not answer, WrongCollection.
        """
        for name in {event_collection(item.event.time_ms) for item in accepted}:
            ensure_event_collection(self._database, name)
        outcome = self._attempt(accepted)
        if outcome != REPLAYED and len(accepted) > 1:
            return [(item, self._attempt([item])) for item in accepted]
        return [(item, outcome) for item in accepted]

    def _attempt(self, accepted: Sequence[Accepted]) -> str:
        """Store letters in one transaction. Returns `REPLAYED`, or why none was stored."""
        try:
            in_transaction(self._session, lambda session: self._write(session, accepted))
        except IdTaken:
            return self._why_taken(accepted[0])
        except _Changed:
            # The change may be this replay's own: its commit succeeded, the reply was lost, and `_write` ran again.
            return REPLAYED if self._are_replayed(accepted) else CHANGED
        except _DroppedDay:
            # The day may have been dropped after this replay's own commit, whose reply was lost.
            return REPLAYED if self._are_replayed(accepted) else DROPPED_DAY
        except BulkWriteError as error:
            return f"MongoDB refuses it: {brief(error)}"
        failpoints.reach("replay_after_commit")
        return REPLAYED

    def _why_taken(self, item: Accepted) -> str:
        """Why a letter was left whose id was counted after it was judged. Raises PyMongoError."""
        found = self._ids.judge(item.event, item.letter, self._clock())
        if isinstance(found, Rejection):
            self.keep(item.letter, found)
            return still_rejected(found)
        return found if isinstance(found, str) else CHANGED

    def _write(self, session: ClientSession, accepted: Sequence[Accepted]) -> None:
        """What one transaction does. Raises _Changed, _DroppedDay, IdTaken and PyMongoError."""
        failpoints.reach("replay_before")
        touched = {"$inc": {"count": len(accepted)}}
        replays = self._database[MAINTENANCE].find_one_and_update(
            {"_id": REPLAYS}, touched, upsert=True, session=session, return_document=ReturnDocument.AFTER
        )
        retention = self._database[MAINTENANCE].find_one_and_update(
            {"_id": RETENTION}, {"$inc": {"replays": 1}}, upsert=True, session=session
        )
        if min(item.event.time_ms for item in accepted) // DAY_MS < self._kept_from(retention, session):
            raise _DroppedDay
        self._change_states(session, accepted)
        failpoints.reach("replay_after_states")
        for name, documents in _by_day(accepted).items():
            commands.insert(self._database, name, documents, session)
        failpoints.reach("replay_after_events")
        self._ids.insert(session, accepted, milliseconds(self._clock()))
        failpoints.reach("replay_after_event_ids")
        replayed = Increments()
        for item in accepted:
            replayed.add(item.event, item.offset, item.document)
        increments = {REPLAYED_PARTITION: replayed}
        products = [
            product_update(product, REPLAYED_PARTITION, added, added.latest)
            for product, added in replayed.products.items()
        ]
        commands.update(self._database, ROLLUPS, rollup_updates(increments), session)
        commands.update(self._database, TOTALS, total_updates(increments), session)
        commands.update(self._database, PRODUCTS, products, session)
        assert replays is not None  # noqa: S101  # it was upserted
        end: int = replays["count"]
        recent = recent_fields(replayed, end, self._clock())
        document = recent_document(REPLAYED_PARTITION, REPLAYS_GENERATION, end - len(accepted), recent)
        commands.insert(self._database, RECENT_SUMS, [document], session)
        failpoints.reach("replay_before_commit")

    def _change_states(self, session: ClientSession, accepted: Sequence[Accepted]) -> None:
        now = self._clock()
        changes = [
            UpdateOne(
                {"_id": item.letter["_id"], "state": {"$in": self._states}},
                {
                    "$set": {
                        "state": REPLAYED,
                        "replayed_at": now,
                        "replayed_by": self._run,
                        "replayed_as": bson.decode(item.document)["_id"],
                        **({"replayed_as_new": True} if self._ids.as_new else {}),
                    }
                },
            )
            for item in accepted
        ]
        if self._database[REJECTED_EVENTS].bulk_write(changes, session=session).matched_count != len(changes):
            raise _Changed

    def _are_replayed(self, accepted: Sequence[Accepted]) -> bool:
        """Whether this replay itself, in an earlier attempt, made events of all of them."""
        wanted = [{"_id": item.letter["_id"], "replayed_by": self._run} for item in accepted]
        return self._database[REJECTED_EVENTS].count_documents({"$or": wanted}) == len(wanted)

    def _kept_from(self, retention: Document | None, session: ClientSession | None) -> int:
        """The first day since 1970 (UTC) whose events retention has not dropped and will not drop in its next round.

        `retention` is its document in `maintenance`, if it has one.
        """
        next_round = self._clock() + timedelta(seconds=ROUND_SECONDS)
        return max(
            first_kept_day(retention), first_day_to_keep(self._database, self._retention_days, next_round, session)
        )


def still_rejected(rejection: Rejection) -> str:
    """The outcome of a letter that is rejected again."""
    return f"rejected still: {rejection.reason.value}" + (f", {rejection.detail}" if rejection.detail else "")


def aged_to_ms(letter: Document) -> int:
    """The time at which a letter's message is judged `too_old`, in UTC milliseconds.

    It is when Kafka recorded the message. A producer may have given that time, and given a wrong one: where Kafka did
    not exist yet, or where the consumer had rejected the message before, it is when the consumer rejected it.
    """
    recorded_ms, rejected_ms = letter["timestamp_ms"], milliseconds(letter["rejected_at"])
    return recorded_ms if KAFKAS_YEAR_MS <= recorded_ms <= rejected_ms else rejected_ms


def _by_day(accepted: Sequence[Accepted]) -> dict[str, list[bytes]]:
    """The events' documents by the name of the collection that stores them."""
    days: dict[str, list[bytes]] = {}
    for item in accepted:
        days.setdefault(event_collection(item.event.time_ms), []).append(item.document)
    return days
