"""Letters whose messages try to hide, to forge or to break what the commands show; and the newest first."""

import base64
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bson.datetime_ms import DatetimeMS
from confluent_kafka import Producer

from shared.documents import Document
from tests.support.commands.audit import script
from tests.support.kafka.consumer_group import ConsumerGroup, consumer_group, now_ms
from tests.support.kafka.topic_config import set_topic
from tests.support.process import ROOT
from tests.support.servers.interface import KafkaServer, MongoServer

NO_DATES = (-62_135_596_800_001, 253_402_300_800_000, 1_796_032_728_954_000, 1_796_032_728_954_000_000)
"""Record times before the year 1 and after the year 9999: the last two are microseconds and nanoseconds."""
DATES = {1: "1970-01-01 00:00:00", -5: "1969-12-31 23:59:59", 1_796_032_728: "1970-01-21 18:53:52"}
AMOUNTS = ("x.[/red]", "a.:warning:\x1b[2J\n\u202e")
SALE: Document = {"event": "productSold", "product_id": 3, "name_of_product": "p", "no_of_units": 1, "amount": "1"}


@pytest.fixture(scope="module")
def letters(
    kafka: KafkaServer, mongo: MongoServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ConsumerGroup]:
    """Hostile messages: with odd times in partition 0, with odd fields in 1, with odd headers and bytes in 2."""
    with consumer_group(kafka, mongo, tmp_path_factory.mktemp("letters"), partitions=3) as one:
        set_topic(
            kafka,
            one.topic,
            message_timestamp_after_max_ms=2**63 - 1,
            message_timestamp_before_max_ms=2**63 - 1,
            retention_ms=-1,
        )
        producer = Producer({"bootstrap.servers": kafka.bootstrap_servers})

        def send(partition: int, value: bytes | None, **more: Any) -> None:
            producer.produce(one.topic, value, partition=partition, on_delivery=one.note, **more)

        for time in (*NO_DATES, *DATES):
            send(0, b"not json", timestamp=time)
        for amount in AMOUNTS:
            send(1, json.dumps(SALE | {"amount": amount}).encode())
        headers = [("n\x1b[1m\nreason     forged", b"v\x1b]0;t\x07\n"), ("bytes", b"\xff\xfe"), ("null", None)]
        send(2, b"bad \x1b[31m\nreason     forged", key=b"0:100:1", headers=headers)
        send(2, b"x" + "é".encode() * 4096)
        assert producer.flush(20) == 0
        consumer = one.consumer()
        one.wait_handled()
        assert consumer.stop() == 0
        yield one


def dead_letters(group: ConsumerGroup, *arguments: str) -> subprocess.CompletedProcess[str]:
    return script("dead_letters", group.environment(), *arguments)


def test_the_list_has_every_letter_literally_and_whole(letters: ConsumerGroup) -> None:
    listed = dead_letters(letters, "list")
    assert listed.returncode == 0, listed.stderr
    rows = [line for line in listed.stdout.splitlines() if line.startswith("│")]
    assert len(rows) == letters.database.rejected_events.count_documents({})
    for text in ("'x.[/red]'", r"'a.:warning:\x1b[2J\n\u202e'", "1:0:1", "2:1:1"):
        assert sum(text in row for row in rows) == 1, text
    assert "\x1b" not in listed.stdout


def test_a_letter_shows_no_escape_sequence_and_no_forged_line(letters: ConsumerGroup) -> None:
    shown = dead_letters(letters, "show", "2:0", "1:1")
    assert shown.returncode == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert r"header     n\x1b[1m\nreason     forged: v\x1b]0;t\x07\n" in lines
    assert "header     bytes: ff fe" in lines
    assert "header     null: (none)" in lines
    assert "key        0:100:1" in lines
    assert r"bad \x1b[31m\nreason     forged" in lines
    assert sum(line.startswith("reason ") for line in lines) == 2
    assert "\x1b" not in shown.stdout


def test_text_that_is_cut_inside_a_character_stays_text(letters: ConsumerGroup) -> None:
    lines = dead_letters(letters, "show", "2:1").stdout.splitlines()
    assert lines[-1] == "x" + "é" * 2047 + " … 4097 bytes more"


def test_times_that_are_no_dates_are_shown_as_numbers_with_their_unit(letters: ConsumerGroup) -> None:
    coordinates = [f"0:{offset}" for offset in range(len(NO_DATES) + len(DATES))]
    shown = dead_letters(letters, "show", *coordinates)
    assert shown.returncode == 0, shown.stderr
    recorded = [line for line in shown.stdout.splitlines() if line.startswith("recorded ")]
    assert recorded == [
        *(f"recorded   {time} ms, by Kafka" for time in NO_DATES),
        *(f"recorded   {date} UTC ({time} ms), by Kafka" for time, date in DATES.items()),
    ]
    exported = [json.loads(line) for line in dead_letters(letters, "export", "--partition", "0").stdout.splitlines()]
    assert [one["timestamp_ms"] for one in exported] == [*NO_DATES, *DATES]
    dry = dead_letters(letters, "replay", "--partition", "0", "--dry-run")
    assert dry.returncode == 1
    assert f"{len(coordinates)} rejected still: not_json" in dry.stderr


def test_json_keeps_every_character_and_number(letters: ConsumerGroup) -> None:
    listed = dead_letters(letters, "list", "--json")
    assert listed.returncode == 0
    found = {one["coordinates"]: one for one in json.loads(listed.stdout)}
    assert repr(AMOUNTS[1]) in found["1:1:1"]["detail"]
    assert found["0:0:1"]["timestamp_ms"] == NO_DATES[0]
    assert found["2:1:1"]["value_bytes"] == 1 + 2 * 4096
    assert not {"key_base64", "value_base64", "headers"} & found["2:1:1"].keys()
    (shown,) = json.loads(dead_letters(letters, "show", "2:0", "--json").stdout)
    assert shown == json.loads(dead_letters(letters, "export", "2:0").stdout)
    assert base64.b64decode(shown["value_base64"]) == b"bad \x1b[31m\nreason     forged"
    assert [name for name, _ in shown["headers"]] == ["n\x1b[1m\nreason     forged", "bytes", "null"]
    assert shown["headers"][2][1] is None
    assert shown["rejected_at"].endswith("Z")


def test_one_letter_that_another_program_damaged_hides_no_other(letters: ConsumerGroup) -> None:
    stored = letters.database.rejected_events
    whole = stored.find_one({"_id.k": 2, "_id.o": 1})
    assert whole is not None
    damaged = {
        "no reason": {name: value for name, value in whole.items() if name != "reason"},
        "late": whole | {"rejected_at": DatetimeMS(253_402_300_800_000)},
        "number": whole | {"value": 7},
    }
    identities = [whole["_id"] | {"k": 9, "o": number} for number in range(len(damaged))]
    stored.insert_many([one | {"_id": identity} for one, identity in zip(damaged.values(), identities, strict=True)])
    try:
        listed = dead_letters(letters, "list")
        assert listed.returncode == 0, listed.stderr
        rows = [line for line in listed.stdout.splitlines() if line.startswith("│")]
        assert len(rows) == stored.count_documents({})
        assert sum("cannot be shown: KeyError: 'reason'" in row for row in rows) == 1
        assert sum("253402300800000 ms" in row for row in rows) == 1
        found = json.loads(dead_letters(letters, "list", "--json").stdout)
        assert sum("error" in one for one in found) == 1
        shown = dead_letters(letters, "show", "9:0", "9:1", "9:2", "2:1")
        assert shown.returncode == 0
        assert shown.stdout.count("cannot be shown: ") == 2
        assert "rejected   253402300800000 ms UTC" in shown.stdout
        exported = dead_letters(letters, "export")
        assert exported.returncode == 0
        assert len(exported.stdout.splitlines()) == stored.count_documents({})
        dry = dead_letters(letters, "replay", "9:2", "--dry-run")
        assert dry.returncode == 1
        assert "its document is damaged, TypeError" in dry.stderr
    finally:
        stored.delete_many({"_id.k": 9})


def test_the_newest_letters_come_first_and_a_limit_keeps_them(letters: ConsumerGroup) -> None:
    stored = letters.database.rejected_events
    before = {one["_id"]["o"]: one["rejected_at"] for one in stored.find({"_id.k": 0})}
    for offset in before:
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=offset * 7 % 5, seconds=offset)
        stored.update_one({"_id.k": 0, "_id.o": offset}, {"$set": {"rejected_at": at}})
    try:
        newest = stored.find({"_id.k": 0}).sort("rejected_at", -1)
        expected = [f"0:{one['_id']['o']}:1" for one in newest]
        assert expected != sorted(expected)
        listed = dead_letters(letters, "list", "--partition", "0", "--limit", "3", "--json")
        assert [one["coordinates"] for one in json.loads(listed.stdout)] == expected[:3]
        assert f"{len(expected)} dead letters, the newest 3 of them shown" in listed.stderr
    finally:
        for offset, at in before.items():
            stored.update_one({"_id.k": 0, "_id.o": offset}, {"$set": {"rejected_at": at}})


@pytest.mark.parametrize("path", ["/no/such/folder/file", "{folder}", "{folder}/\x1b[31m/file"])
def test_a_file_that_cannot_be_written_is_a_sentence(letters: ConsumerGroup, tmp_path: Path, path: str) -> None:
    done = dead_letters(letters, "export", "--output", path.format(folder=tmp_path))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert " cannot be used: " in line
    assert "\x1b" not in line


def test_text_that_is_not_utf_8_is_a_sentence(letters: ConsumerGroup) -> None:
    done = dead_letters(letters, "discard", "2:0", "--yes", "--note", os.fsdecode(b"\xff[/red]"))
    assert done.returncode == 2
    (*_, line) = done.stderr.splitlines()
    assert line == r"'\udcff[/red]' is not UTF-8, and MongoDB holds no other text: nothing was done"
    assert letters.database.rejected_events.count_documents({"state": "discarded"}) == 0


def answered(group: ConsumerGroup, answer: bytes, *arguments: str) -> tuple[int, str]:
    """Run the command at a terminal, answer its question; its exit code and everything that it printed."""
    ours, theirs = pty.openpty()
    argv = (sys.executable, "-m", "scripts.dead_letters", *arguments)
    with subprocess.Popen(
        argv, cwd=ROOT, env=group.environment(), stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        output = b""
        with suppress(OSError):  # how a pseudo-terminal says that the other side has closed it
            while part := os.read(ours, 65536):
                output += part
                if b"[y/N]" in output and answer:
                    os.write(ours, answer)
                    answer = b""
        code = process.wait(20)
    os.close(ours)
    return code, output.decode()


def states(group: ConsumerGroup) -> dict[str, int]:
    counted = group.database.rejected_events.aggregate([{"$group": {"_id": "$state", "count": {"$sum": 1}}}])
    return {one["_id"]: one["count"] for one in counted}


def test_discard_shows_what_it_would_take_and_asks(letters: ConsumerGroup) -> None:
    stored = letters.database.rejected_events
    count = stored.count_documents({})
    chosen = ("discard", "--partition", "0", "--partition", "1")
    without = dead_letters(letters, *chosen)
    assert without.returncode == 2
    assert "9 letters would be discarded: 2 bad_amount, 7 not_json; the newest of them:" in without.stderr
    assert len([line for line in without.stderr.splitlines() if line.startswith("  ")]) == 5
    assert "--yes does it without asking" in without.stderr
    for refusal in (b"n\n", b"\n", b"\x04"):
        code, output = answered(letters, refusal, *chosen)
        assert (code, states(letters)) == (1, {"new": count}), output
        assert "nothing was changed" in output
    code, output = answered(letters, b"y\n", *chosen)
    assert (code, states(letters)) == (0, {"new": count - 9, "discarded": 9}), output
    assert "9 discarded, 0 were not new" in output
    again = dead_letters(letters, *chosen)
    assert again.returncode == 0
    assert "0 discarded, 9 were not new" in again.stderr
    one = dead_letters(letters, "discard", "0:0", "--yes")
    assert one.returncode == 1
    stored.update_many({}, {"$set": {"state": "new"}})


def test_a_letter_that_comes_while_the_question_waits_is_not_discarded(letters: ConsumerGroup) -> None:
    stored = letters.database.rejected_events
    some = stored.find_one({"_id.k": 2, "_id.o": 0})
    assert some is not None
    late = some | {"_id": some["_id"] | {"o": 99}, "rejected_at": datetime.now(UTC) + timedelta(seconds=5)}
    ours, theirs = pty.openpty()
    argv = (sys.executable, "-m", "scripts.dead_letters", "discard", "--partition", "2")
    with subprocess.Popen(
        argv, cwd=ROOT, env=letters.environment(), stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        output = b""
        while b"[y/N]" not in output:
            output += os.read(ours, 65536)
        stored.insert_one(late)
        os.write(ours, b"yes\n")
        assert process.wait(20) == 0, output
    os.close(ours)
    kept = stored.find_one_and_delete({"_id": late["_id"]})
    assert kept is not None
    assert kept["state"] == "new"
    assert stored.count_documents({"state": "discarded"}) == 2
    stored.update_many({}, {"$set": {"state": "new"}})


def test_the_newest_is_the_one_that_was_rejected_last_not_the_one_recorded_last(letters: ConsumerGroup) -> None:
    listed = json.loads(dead_letters(letters, "list", "--json").stdout)
    rejected = [one["rejected_at"] for one in listed]
    assert rejected == sorted(rejected, reverse=True)
    assert max(one["timestamp_ms"] for one in listed) > now_ms()
