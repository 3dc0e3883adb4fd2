"""Errors are reported to Bugsnag once, without data of events and tokens; its outage costs the services nothing."""

import json
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from bson.decimal128 import Decimal128

from stack import ports
from stack.waiting import wait_until
from tests.integration.api.conftest import empty_database
from tests.support import process
from tests.support.api.running import api_process
from tests.support.documents.given_events import Documents
from tests.support.kafka.consumer_group import ConsumerGroup
from tests.support.servers.bugsnag import receiver, silent_receiver
from tests.support.servers.interface import KafkaServer, MongoServer

KEY = "0123456789abcdef0123456789abcdef"

FAILING = """
import sys, time
from shared import logs, reporting
from shared.errors import TopicRecreated
from shared.settings import SharedSettings

settings = SharedSettings.load()
logs.configure("json", "info", "test")
reporting.configure(settings, "test")

def fail(kind):
    try:
        try:
            int("payload-of-an-event")
        except ValueError as cause:
            error = kind("token-of-a-caller")
            error.add_note("note-with-a-payload")
            raise error from cause
    except kind as error:
        reporting.notify(error)

fail(RuntimeError)
started = time.perf_counter()
for _ in range(100):
    fail(RuntimeError)
    fail(LookupError)
reporting.notify(TopicRecreated("topic analytics was made anew"))
print(time.perf_counter() - started, flush=True)
raise SystemError("payload-at-the-end")
"""


def fail(endpoint: str, key: str = KEY) -> tuple[float, str]:
    """Run the program above. Returns the seconds that reporting took it, and what it wrote to standard error."""
    environment = {"BUGSNAG_API_KEY": key, "BUGSNAG_ENDPOINT": endpoint, "BUGSNAG_RELEASE_STAGE": "test"}
    ended = subprocess.run(
        [sys.executable, "-c", FAILING], cwd=process.ROOT, env=environment, capture_output=True, text=True, timeout=30
    )
    assert ended.returncode == 1, ended.stderr
    return float(ended.stdout), ended.stderr


def errors(report: dict[str, Any]) -> list[tuple[str, str]]:
    (event,) = report["events"]
    return [(each["errorClass"], each["message"]) for each in event["exceptions"]]


def test_each_error_is_reported_once_without_data() -> None:
    withheld = "left out, for it may quote data; see the log"
    with receiver() as received:
        fail(received.url)
    assert [errors(report) for report in received.reports] == [
        [("RuntimeError", withheld), ("ValueError", withheld)],
        [("LookupError", withheld), ("ValueError", withheld)],
        [("shared.errors.TopicRecreated", "topic analytics was made anew")],
        [("SystemError", withheld)],
    ]
    (event,) = received.reports[0]["events"]
    assert (event["app"]["type"], event["releaseStage"], event["severity"]) == ("test", "test", "error")
    for secret in ("payload-", "token-of", "note-"):
        assert not any(secret in text for text in received.texts)


def test_a_silent_receiver_costs_nothing() -> None:
    with silent_receiver() as url:
        took, _ = fail(url)
    assert took < 1


def test_a_missing_receiver_costs_nothing() -> None:
    (port,) = ports.pick(1)
    took, log = fail(f"http://127.0.0.1:{port}")
    assert took < 1
    assert "an error was not reported: the receiver failed" in log


def test_without_a_key_nothing_is_sent() -> None:
    with receiver() as received:
        fail(received.url, key="")
    assert received.texts == []


def break_sales_of(database: Documents, product: int) -> None:
    """Store sums that are not numbers: adding them up raises an error that no code foresees."""
    hour = time.time_ns() // 3_600_000_000_000
    for each in range(hour - 1, hour + 2):
        identity = {"p": product, "h": each, "k": 0}
        database["rollups"].insert_one({"_id": identity, "amount": Decimal128("NaN"), "sales": 1})


def test_a_fault_of_the_api_is_reported_once(mongo: MongoServer, tmp_path: Path) -> None:
    with (
        receiver() as received,
        empty_database(mongo) as database,
        api_process(mongo, database, tmp_path, BUGSNAG_API_KEY=KEY, BUGSNAG_ENDPOINT=received.url) as (api, running),
    ):
        break_sales_of(database, 3)
        token = api.token()
        answers = [api.get("/api/product/sale/3", token, **{"X-Request-Id": f"id-{i}"}) for i in range(20)]
        assert {answer.status_code for answer in answers} == {500}
        assert answers[0].headers["Content-Type"] == "application/problem+json"
        assert answers[0].json()["message"] == "This request met a fault of the service, which was logged"
        assert api.get("/api/product/sale/4", token).status_code == 404
        wait_until("the report", lambda: len(received.texts) > 0, 10)
        assert running.stop() == 0
    assert len(received.texts) == 1
    (text,) = received.texts
    assert errors(json.loads(text))[0][1] == "left out, for it may quote data; see the log"
    assert token not in text + running.output
    assert json.loads(text)["events"][0]["app"]["type"] == "api"
    assert '"request_id": "id-7"' in running.output


def test_a_silent_receiver_does_not_slow_the_api(mongo: MongoServer, tmp_path: Path) -> None:
    with (
        silent_receiver() as endpoint,
        empty_database(mongo) as database,
        api_process(mongo, database, tmp_path, BUGSNAG_API_KEY=KEY, BUGSNAG_ENDPOINT=endpoint) as (api, running),
    ):
        break_sales_of(database, 3)
        token = api.token()
        started = time.monotonic()
        for _ in range(50):
            assert api.get("/api/product/sale/3", token).status_code == 500
            assert api.get("/api/product/sale/4", token).status_code == 404
        assert time.monotonic() - started < 3
        assert running.stop() == 0


def test_a_halt_of_the_consumer_is_reported_once(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path) -> None:
    group = ConsumerGroup(kafka, mongo, tmp_path)
    group.database.create_collection("events_20200101")
    with receiver() as received, closing(group):
        consumer = group.consumer(BUGSNAG_API_KEY=KEY, BUGSNAG_ENDPOINT=received.url)
        assert consumer.wait(60) == 3
    (report,) = received.reports
    ((kind, text),) = errors(report)
    assert kind == "shared.errors.WrongCollection"
    assert "events_20200101 exists but is not clustered" in text
    assert report["events"][0]["app"]["type"] == "consumer"
