"""A database notes the version of its schema; programs migrate an older one and refuse a newer one."""

from pathlib import Path

import pytest

from shared import schema
from shared.errors import SchemaNewer
from shared.mongo import SyncDatabase, ensure_collections
from tests.support.commands.audit import script
from tests.support.kafka.consumer_group import consumer_group
from tests.support.servers.interface import KafkaServer, MongoServer


def test_a_database_notes_its_version_and_is_migrated_from_an_older_one(database: SyncDatabase) -> None:
    ran: list[int] = []
    three = tuple(lambda _, number=number: ran.append(number) for number in (1, 2, 3))
    schema.migrate(database, three[:1])
    schema.migrate(database, three)
    schema.migrate(database, three)
    assert ran == [1, 2, 3]
    assert schema.check(database, three) == 3


def test_a_database_of_version_2_gets_the_collections_of_sealed_days(database: SyncDatabase) -> None:
    """Also where another process creates one of them at the same time, and where the migration was cut off."""
    schema.migrate(database, schema.MIGRATIONS[:2])
    assert not {"rollup_days", "total_days"} & set(database.list_collection_names())
    database.create_collection("total_days")
    schema.migrate(database)
    schema.MIGRATIONS[2](database)
    assert {"rollup_days", "total_days"} <= set(database.list_collection_names())
    assert schema.check(database) == len(schema.MIGRATIONS) >= 3
    with pytest.raises(SchemaNewer, match="schema version 3, and this program knows 2"):
        schema.check(database, schema.MIGRATIONS[:2])


def test_a_consumer_refuses_a_newer_schema_and_says_what_to_do(
    kafka: KafkaServer, mongo: MongoServer, tmp_path: Path
) -> None:
    with consumer_group(kafka, mongo, tmp_path, partitions=1) as events:
        ensure_collections(events.database)
        assert schema.check(events.database) == len(schema.MIGRATIONS)
        events.database.maintenance.update_one({"_id": "schema"}, {"$inc": {"version": 1}})
        with pytest.raises(SchemaNewer, match="a newer version of it has run here"):
            ensure_collections(events.database)
        consumer = events.consumer()
        assert consumer.wait(30) == 3
        assert "SchemaNewer" in consumer.output
        refused = script("audit", events.environment())
        assert (refused.returncode, "schema version" in refused.stderr) == (2, True)
