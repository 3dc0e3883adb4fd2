"""One scenario: consumers under known traffic, faults, which it counts, and the check of everything at its end."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from random import Random

from pymongo.errors import PyMongoError

from consumer.process.clocks import utc_now
from shared.documents import EVENT_ID_DAYS
from shared.event_id_window import keep_for
from shared.mongo import ensure_collections
from stack.waiting import wait_until
from tests.faults.checks import answers, audit, behaviour, contents, event_ids, recent_sums
from tests.faults.checks.stalls import StallWatch
from tests.faults.table import Row
from tests.faults.traffic import Traffic
from tests.support.commands.audit import findings_of
from tests.support.documents import invariant
from tests.support.documents.as_of import AsOfWatch
from tests.support.kafka.consumer_group import ConsumerGroup
from tests.support.process import Running
from tests.support.servers.interface import KafkaServer, MongoServer

SESSION_MS = 2_000
"""Kafka gives a silent consumer's partitions away after this time: short, so that a scenario need not wait long.

Shorter still, consumers on a busy machine would lose partitions that no fault has touched.
"""
RATE = 600.0
"""Messages a second: many small batches, and most of the processor left to the faults."""
FINISH_SECONDS = 120.0
"""How long consumers may take, once the faults are over, to handle what is left."""


class Scenario:
    """A topic, a database and consumers. Every random choice comes from `choose`, so a seed gives the same schedule."""

    def __init__(
        self,
        row: Row,
        kafka: KafkaServer,
        mongo: MongoServer,
        folder: Path,
        choose: Random,
        partitions: int = 4,
        with_ids: bool = False,
    ) -> None:
        self.row = row
        self.choose = choose
        self.folder = folder
        self.group = ConsumerGroup(kafka, mongo, folder, partitions)
        self.traffic = Traffic(kafka.bootstrap_servers, self.group.topic, choose, with_ids)
        if with_ids:
            # As if ids had been recorded since yesterday, so that the audit judges all events of the last hours.
            ensure_collections(self.group.database)
            keep_for(self.group.database, EVENT_ID_DAYS, utc_now() - timedelta(days=1))
        self._stalls = StallWatch(mongo.uri, self.group.topic, lambda: len(self.traffic.acknowledged))
        self._stalls.start()
        self._as_of = AsOfWatch(mongo.uri, self.group.topic)
        self._as_of.start()

    @property
    def handled(self) -> int:
        """How many messages are handled, by the stored offsets."""
        return self.group.handled

    def fault(self, times: int = 1) -> None:
        """Count faults that were just injected."""
        self.row.faults += times

    def consumer(self, module: str = "consumer", **more: str) -> Running:
        """Start a consumer, of the program `module`, with small batches. `more` are settings that differ."""
        few = {"KAFKA_SESSION_TIMEOUT_MS": str(SESSION_MS), "BATCH_MAX_EVENTS": "200"}
        return self.group.consumer(module, **(few | more))

    @contextmanager
    def under_traffic(self, rate: float = RATE) -> Iterator[None]:
        """Publish about `rate` messages a second while the block runs."""
        with self.traffic.running(rate):
            yield

    def wait_progress(self, messages: int = 1, seconds: float = 60.0) -> None:
        """Wait until `messages` more messages are handled. Fails when a consumer halts a partition."""
        goal = self.handled + messages
        what = f"{messages} more messages handled"
        behaviour.wait_without_halts(self.group, what, lambda: self.handled >= goal, seconds)

    def wait_handled(self, seconds: float = FINISH_SECONDS) -> None:
        """Wait until every acknowledged message is handled. Fails when a consumer halts a partition."""
        behaviour.wait_without_halts(
            self.group,
            "all messages handled",
            lambda: self.handled >= len(self.traffic.acknowledged),
            seconds,
        )

    def wait_stored(self, seconds: float = FINISH_SECONDS) -> None:
        """Wait until as many messages are stored as acknowledged: for topics whose offsets have gaps or begin anew."""
        wait_until("all messages stored", lambda: len(self.stored) >= len(self.traffic.acknowledged), seconds)

    @property
    def stored(self) -> Mapping[invariant.Coordinates, int]:
        """How often each message is stored, as an event or as a dead letter."""
        return invariant.handled_messages(self.group.database)

    def finish(self, *, halts: bool = False, ask_all: bool = False, wait: Callable[[], None] | None = None) -> None:
        """Wait until everything is handled, then assert the promise in every way, and fill the scenario's row.

        `halts`: consumers were made to halt. `ask_all`: ask also the audit's command and the API, which takes seconds.
        `wait` replaces `wait_handled`.
        """
        (wait or self.wait_handled)()
        handled = self._note()
        database = self.group.database
        invariant.check_generations(database, set(self.traffic.acknowledged), handled)
        repeats = event_ids.check(database, self.traffic.ids)
        contents.check(database, self.traffic.acknowledged, repeats)
        recent_sums.check(database)
        behaviour.check(self.group, halts=halts)
        behaviour.check_offsets_committed_to_kafka(self.group)
        findings = findings_of(self.group, database)
        assert not findings, f"the audit finds {len(findings)} things, such as {findings[:3]}"
        lies = self._as_of.lies(self.traffic.acknowledgements)
        assert not lies, f"as-of claimed {len(lies)} times more than was stored, such as {lies[:3]}"
        if ask_all:
            audit.check(self.group)
            counted = [known for at, known in self.traffic.acknowledged.items() if at not in repeats]
            answers.check(self.group, counted, self.folder)
        self.row.held = True

    def close(self) -> None:
        """End the consumers; a scenario that failed still fills its row."""
        if self._stalls.is_watching:
            with suppress(PyMongoError):
                self._note()
        self.group.close()

    def _note(self) -> Mapping[invariant.Coordinates, int]:
        """Fill the scenario's row. Returns what is stored."""
        self._stalls.stop()
        self._as_of.stop()
        self.row.events = len(self.traffic.acknowledged)
        self.row.stall_seconds = self._stalls.longest_seconds
        stored = self.stored
        tally = invariant.compare(stored, set(self.traffic.acknowledged))
        self.row.lost, self.row.repeated = len(tally.lost), len(tally.repeated)
        return stored
