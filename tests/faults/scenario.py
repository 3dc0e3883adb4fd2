"""One scenario: a topic, a database, consumers and known traffic; faults, which it counts; and the check at its end."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

from pymongo.errors import PyMongoError

from stack.waiting import wait_until
from tests.faults.checks import answers, audit, behaviour, contents
from tests.faults.checks.stalls import StallWatch
from tests.faults.table import Row
from tests.faults.traffic import Traffic
from tests.support.commands.audit import findings_of
from tests.support.documents import invariant
from tests.support.kafka.consumer_group import ConsumerGroup
from tests.support.process import Running
from tests.support.servers.interface import KafkaServer, MongoServer

SESSION_MS = 2_000
RATE = 600.0
FINISH_SECONDS = 120.0


class Scenario:
    """Every choice comes from `choose`, so that a seed tells the whole schedule."""

    def __init__(
        self, row: Row, kafka: KafkaServer, mongo: MongoServer, folder: Path, choose: Random, partitions: int = 4
    ) -> None:
        self.row = row
        self.choose = choose
        self.folder = folder
        self.group = ConsumerGroup(kafka, mongo, folder, partitions)
        self.traffic = Traffic(kafka.bootstrap_servers, self.group.topic, choose)
        self._stalls = StallWatch(mongo.uri, self.group.topic, lambda: len(self.traffic.acknowledged))
        self._stalls.start()

    @property
    def handled(self) -> int:
        """How many messages the stored offsets say are handled."""
        return self.group.handled

    def fault(self, times: int = 1) -> None:
        """Count what was just done."""
        self.row.faults += times

    def consumer(self, module: str = "consumer", **more: str) -> Running:
        """A started consumer, which Kafka gives up after `SESSION_MS` of silence; batches are small and many."""
        few = {"KAFKA_SESSION_TIMEOUT_MS": str(SESSION_MS), "BATCH_MAX_EVENTS": "200"}
        return self.group.consumer(module, **(few | more))

    @contextmanager
    def under_traffic(self, rate: float = RATE) -> Iterator[None]:
        """About `rate` messages a second while the block runs."""
        with self.traffic.running(rate):
            yield

    def wait_progress(self, messages: int = 1, seconds: float = 60.0) -> None:
        """Wait until so many more messages are handled."""
        goal = self.handled + messages
        what = f"{messages} more messages handled"
        behaviour.wait_without_halts(self.group, what, lambda: self.handled >= goal, seconds)

    def wait_handled(self, seconds: float = FINISH_SECONDS) -> None:
        """Wait until every acknowledged message is handled."""
        behaviour.wait_without_halts(
            self.group,
            "all messages handled",
            lambda: self.handled >= len(self.traffic.acknowledged),
            seconds,
        )

    def wait_stored(self, seconds: float = FINISH_SECONDS) -> None:
        """The same where offsets have gaps or begin anew: wait until as many are stored."""
        wait_until("all messages stored", lambda: len(self.stored) >= len(self.traffic.acknowledged), seconds)

    @property
    def stored(self) -> Mapping[invariant.Place, int]:
        """How often each message is stored."""
        return invariant.handled_places(self.group.database)

    def finish(self, *, halts: bool = False, ask_all: bool = False, wait: Callable[[], None] | None = None) -> None:
        """Wait until everything is handled, assert the invariant, by the operators' audit too, note what came of it.

        `halts` where consumers halt on purpose; `ask_all`: the audit's command and the API have to agree too.
        """
        (wait or self.wait_handled)()
        handled = self._note()
        database = self.group.database
        invariant.check_places(database, set(self.traffic.acknowledged), handled)
        contents.check(database, self.traffic.acknowledged)
        behaviour.check(self.group, halts=halts)
        behaviour.check_offsets_told_to_kafka(self.group)
        findings = findings_of(self.group, database)
        assert not findings, f"the audit finds {len(findings)} things, such as {findings[:3]}"
        if ask_all:
            audit.check(self.group)
            answers.check(self.group, self.traffic.acknowledged.values(), self.folder)
        self.row.held = True

    def close(self) -> None:
        """End the consumers."""
        if self._stalls.is_watching:
            with suppress(PyMongoError):
                self._note()
        self.group.close()

    def _note(self) -> Mapping[invariant.Place, int]:
        """What the table tells, also of a scenario that fails. Returns what is stored."""
        self._stalls.stop()
        self.row.events = len(self.traffic.acknowledged)
        self.row.stall_seconds = self._stalls.longest_seconds
        stored = self.stored
        tally = invariant.compare(stored, set(self.traffic.acknowledged))
        self.row.lost, self.row.repeated = len(tally.lost), len(tally.repeated)
        return stored
