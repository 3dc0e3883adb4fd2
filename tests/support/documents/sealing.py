"""Old days of events, and consumers' sealing of them at one moment and without rests: a test sees no midnight."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from consumer.process.clocks import Clocks, utc_now
from consumer.sealing.duty import Sealing
from consumer.sealing.seal_round import SealRound
from scripts.audit.reconcile import Reconciliation
from shared.documents import DAY_MS, HOUR_MS, MINUTE_MS
from shared.mongo import SyncDatabase
from tests.support.documents.days import NOW, NOW_MS, at
from tests.support.documents.writing import GROUP, TOPIC, Writer, rated, sold

TODAY: Final = NOW_MS // DAY_MS
"""The day of `NOW`, since 1970."""
OLD: Final = TODAY - 10
"""A day that is due to be sealed."""


def moment(day: int, hour: int = 0, minute: int = 0) -> int:
    """UTC milliseconds of a time of a day since 1970."""
    return day * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS


def a_day(day: int, product: int = 1) -> list[bytes]:
    """Eight sales and a rating of one product, at borders of a day's hours and quarter hours: three hours and nine
    minutes have events."""
    times = [(0, 0), (0, 14), (0, 15), (9, 29), (9, 30), (9, 59), (23, 45), (23, 59)]
    sales = [
        sold(at_ms=moment(day, *time), product=product, amount=10**17 + number) for number, time in enumerate(times)
    ]
    return [*sales, rated(at_ms=moment(day, 9, 44), product=product)]


def write(writer: Writer, *values: bytes, partition: int = 0) -> None:
    """Have a consumer's committer write these messages."""
    writer.commit(writer.batch(writer.lease(partition), values))


def sealing(
    database: SyncDatabase, partitions: Iterable[int] = (0,), moment: datetime = NOW, hours: int = 72
) -> Sealing:
    """The sealing of a consumer to which Kafka gave these partitions, whose clock stands at `moment`; MongoDB's clock
    is compared with the true one."""
    assigned = list(partitions)
    clocks = Clocks(database, utc_now)
    return Sealing(database, clocks, hours, lambda: assigned, GROUP, TOPIC, at(moment), share=1.0)


def seal(database: SyncDatabase, partitions: Iterable[int] = (0,), moment: datetime = NOW) -> SealRound:
    """Seal what is due of these partitions at `moment`. Returns the round."""
    one = sealing(database, partitions, moment).seal_due_days()
    assert one is not None
    return one


def audit_findings(database: SyncDatabase) -> list[str]:
    """What an audit says is wrong, without asking Kafka."""
    report = Reconciliation(database, GROUP, TOPIC, None, None).run(lambda _: None)
    return [finding.message for finding in report.findings.details]


def unsealed(database: SyncDatabase) -> int:
    """How many documents of hours and minutes there are."""
    return database.rollups.count_documents({}) + database.totals.count_documents({})


def sealed(database: SyncDatabase) -> set[tuple[int, ...]]:
    """The `_id`s of the sealed days."""
    found = [*database.rollup_days.find({}, {"_id": 1}), *database.total_days.find({}, {"_id": 1})]
    return {tuple(document["_id"].values()) for document in found}
