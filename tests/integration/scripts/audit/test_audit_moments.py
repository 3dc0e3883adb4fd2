"""What an audit reads at one moment, and what at several: what others write in between is never called wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from scripts.audit.findings import Findings
from scripts.audit.products import check, product_sums
from scripts.audit.products.check import ProductCheck
from scripts.audit.reading import snapshot
from scripts.audit.reconcile import Reconciliation
from scripts.audit.repair.transactions import Repair
from scripts.partitions.decision import Decision, accept
from shared.documents import DAY_MS, EVENT_COLLECTION_OPTIONS, event_collection
from shared.mongo import SyncDatabase
from tests.support.documents.days import keeping
from tests.support.documents.replaying import NOT_JSON, letters, replayer
from tests.support.documents.writing import GROUP, TOPIC, TOPIC_ID, Writer, rated, sold
from tests.support.kafka.consumer_group import now_ms

AT_MS = now_ms() - 3_600_000
OLD_MS = AT_MS - 20 * DAY_MS


def findings(database: SyncDatabase, advance: Callable[[int], None] = lambda _: None) -> Findings:
    """What an audit finds; `advance` is called after each read of events."""
    return Reconciliation(database, GROUP, TOPIC, None, None).run(advance).findings


def before_products(monkeypatch: pytest.MonkeyPatch, run: Callable[[], object]) -> None:
    """Run something when all days were read, and products were not."""
    compare = ProductCheck.run

    def run_and_compare(checked: ProductCheck) -> None:
        run()
        compare(checked)

    monkeypatch.setattr(ProductCheck, "run", run_and_compare)


def test_a_day_that_begins_while_products_are_compared_is_read_from_a_later_moment(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, read = writer.lease(), product_sums.read_product
    writer.commit(writer.batch(lease, [rated(at_ms=AT_MS)]))
    new_days = iter([AT_MS - 5 * DAY_MS, AT_MS - 6 * DAY_MS])

    def begin_a_day(database: SyncDatabase, *more: Any) -> Any:
        for day in new_days:
            database.create_collection(event_collection(day), **EVENT_COLLECTION_OPTIONS)
            break
        return read(database, *more)

    before_products(monkeypatch, lambda: writer.commit(writer.batch(lease, [rated(at_ms=AT_MS)])))
    monkeypatch.setattr(check, "read_product", begin_a_day)
    assert not findings(writer.database).counts
    assert next(new_days, None) is None


def test_a_day_that_is_dropped_while_products_are_compared_makes_no_product_wrong(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = writer.lease()
    writer.commit(writer.batch(lease, [rated(at_ms=OLD_MS), rated(at_ms=AT_MS)]))

    def rate_and_drop() -> None:
        writer.commit(writer.batch(lease, [rated(at_ms=AT_MS + 1)]))
        assert keeping(writer.database, 10).drop_old_days() == [event_collection(OLD_MS)]

    before_products(monkeypatch, rate_and_drop)
    found = findings(writer.database)
    assert not found.counts, found.details
    assert "ratings of days that were not read: a product's sums are a lower bound" in found.unverifiable


@pytest.mark.parametrize("name", ["the name", "a new name"])
def test_a_name_that_comes_between_a_day_and_its_products_is_not_wrong(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Late, early and at the moment of the newest event."""
    lease = writer.lease()
    writer.commit(writer.batch(lease, [rated("the name", AT_MS), sold("the name", AT_MS)]))
    later = [kind(name, AT_MS + by) for by in (-1, 0, 1) for kind in (sold, rated)]
    before_products(monkeypatch, lambda: writer.commit(writer.batch(lease, later)))
    found = findings(writer.database)
    assert not found.counts, found.details


@pytest.mark.parametrize("value", [sold(at_ms=AT_MS), NOT_JSON])
def test_a_message_that_comes_between_two_days_is_not_wrong(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, value: bytes
) -> None:
    """The audit judges offsets up to its first moment, and meets later ones in the days that it reads then."""
    monkeypatch.setattr(snapshot, "RENEW_SECONDS", -1.0)  # so that each day is read from a new moment
    lease = writer.lease()
    writer.commit(writer.batch(lease, [sold(at_ms=OLD_MS), sold(at_ms=AT_MS)]))
    once = iter([1])

    def store(_: int) -> None:
        for _ in once:
            writer.commit(writer.batch(lease, [value]))

    found = findings(writer.database, store)
    assert not found.counts, found.details


def test_a_replay_between_the_letters_and_its_day_is_not_wrong(writer: Writer) -> None:
    """The audit reads letters at its first moment, and the event's day at a later one."""
    lease = writer.lease()
    writer.commit(writer.batch(lease, [sold(at_ms=OLD_MS), sold(at_ms=AT_MS), NOT_JSON]))
    once = iter([1])

    def replay(_: int) -> None:
        for _ in once:
            with replayer(writer, lambda _: sold(at_ms=AT_MS)) as command:
                assert command.replay(letters(writer)) == ["replayed"]

    found = findings(writer.database, replay)
    assert not found.counts, found.details


def test_events_of_two_generations_at_one_moment_and_offset_are_named_as_the_consumer_names_them(
    writer: Writer,
) -> None:
    """The greater name counts, whichever came first; and a repair writes the same."""
    for partition, names in enumerate(("BA", "AB")):
        writer.commit(writer.batch(writer.lease(partition), [rated(names[0], AT_MS)]))
        stored = writer.database.partitions.find_one({"_id.k": partition})
        assert stored is not None
        assert accept(writer.database, stored, Decision(0, "the beginning of the new topic"), TOPIC_ID)
        lease = writer.lease(partition)
        lease.generation = 2
        writer.commit(writer.batch(lease, [rated(names[1], AT_MS)]))
    products = list(writer.database.products.find())
    assert [(one["latest"]["name"], one["latest_rated"]["name"]) for one in products] == [("B", "B")] * 2
    found = findings(writer.database)
    assert not found.counts, found.details
    with writer.database.client.start_session() as session:
        repair = Repair(writer.database, session, GROUP, TOPIC)
        for partition in range(2):
            repair.rebuild_product((1, partition))
    assert list(writer.database.products.find()) == products
