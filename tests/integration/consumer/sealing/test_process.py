"""A consumer seals old days by itself, beside the batches that it writes, and ends in time while it does."""

import time
from pathlib import Path

from scripts.publish.generated.generate import generate
from shared.documents import DAY_MS, HOUR_MS
from stack.waiting import wait_until
from tests.support.commands.audit import audit
from tests.support.kafka.consumer_group import consumer_group, now_ms
from tests.support.servers.interface import KafkaServer, MongoServer

HOURS = 50
SPREAD_SECONDS = 3 * 3_600
"""How far back from the end of the day that is due the old events go. Sealing rests for 19 times as long as it works,
so the test takes seconds with four hours' documents a product, and minutes with those of some days."""


def test_a_consumer_seals_what_is_old_when_it_starts(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path) -> None:
    end_ms = (now_ms() - HOURS * HOUR_MS) // DAY_MS * DAY_MS
    with consumer_group(kafka, mongo, tmp_path, partitions=1) as events:
        first = events.consumer()
        events.publish(generate(count=300, products=3, seed=2, spread_seconds=SPREAD_SECONDS, now_ms=end_ms - 1))
        events.publish(generate(count=100, products=3, seed=3))
        events.wait_handled()
        assert first.stop() == 0
        due = {"_id.h": {"$lt": end_ms // HOUR_MS}}
        assert events.database.rollups.count_documents(due) >= 3 * 3
        recent = events.database.rollups.count_documents({}) - events.database.rollups.count_documents(due)
        second = events.consumer(SEAL_AFTER_HOURS=str(HOURS))
        left = [events.database.rollups, events.database.totals]
        wait_until("old hours gone", lambda: not any(one.count_documents(due) for one in left), 60)
        second.wait_for_output("hours of a day were sealed")
        began = time.monotonic()
        assert second.stop() == 0
        assert time.monotonic() - began < 10
        events.check()
        assert events.database.rollups.count_documents({}) == recent > 0
        assert events.database.rollup_days.count_documents({}) == 3
        assert events.database.total_days.count_documents({}) == 1
        report = audit(events.environment())
        assert report["ok"], report["findings"][:5]
