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


def test_a_consumer_seals_what_is_old_when_it_starts(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path) -> None:
    with consumer_group(kafka, mongo, tmp_path, partitions=1) as events:
        first = events.consumer()
        events.publish(generate(count=1_000, products=3, seed=2, spread_seconds=5 * 86_400, now_ms=now_ms()))
        events.wait_handled()
        assert first.stop() == 0
        end = (now_ms() - HOURS * HOUR_MS) // DAY_MS * 24
        due = {"_id.h": {"$lt": end}}
        assert events.database.rollups.count_documents(due) > 20
        second = events.consumer(SEAL_AFTER_HOURS=str(HOURS))
        left = [events.database.rollups, events.database.totals]
        wait_until("old hours gone", lambda: not any(one.count_documents(due) for one in left), 200)
        second.wait_for_output("hours of a day were sealed")
        began = time.monotonic()
        assert second.stop() == 0
        assert time.monotonic() - began < 10
        events.check()
        assert events.database.rollup_days.count_documents({}) > 2
        report = audit(events.environment())
        assert report["ok"], report["findings"][:5]
