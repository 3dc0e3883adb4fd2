"""Runs the audit for tests: as a process, as an operator does, or inside the test's own process."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from scripts.audit.findings import Finding
from scripts.audit.offsets.kafka import KafkaTopic
from scripts.audit.reconcile import Reconciliation
from shared.mongo import SyncDatabase
from shared.settings import ConsumerSettings
from tests.support.kafka.consumer_group import ConsumerGroup
from tests.support.process import ROOT

AUDIT_SECONDS = 120
"""Deadline of a process. An audit of a test's events takes a few seconds. With half, a test on a loaded machine may
fail for lack of time; with twice as much, an audit that hangs takes most of the test's own deadline of 300 s."""


def script(
    name: str, environment: Mapping[str, str], *arguments: str, seconds: float = AUDIT_SECONDS
) -> subprocess.CompletedProcess[str]:
    """Run `python -m scripts.<name>` to its end. Raises subprocess.TimeoutExpired after `seconds`."""
    return subprocess.run(
        (sys.executable, "-m", f"scripts.{name}", *arguments),
        cwd=ROOT,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def audit(environment: Mapping[str, str], *arguments: str) -> dict[str, Any]:
    """Run an audit as a process and return its report. Asserts that it could judge, and that its exit code agrees with
    the report's `ok`."""
    done = script("audit", environment, "--json", *arguments)
    assert done.returncode in (0, 1), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["ok"] == (done.returncode == 0)
    return report


def kafka_topic_of(events: ConsumerGroup) -> KafkaTopic:
    """The group's topic, as an audit asks Kafka about it."""
    return KafkaTopic(
        ConsumerSettings(
            kafka_bootstrap_servers=events.kafka.bootstrap_servers, kafka_topic=events.topic, group_id=events.topic
        )
    )


def findings_of(events: ConsumerGroup, database: SyncDatabase) -> list[Finding]:
    """The findings of an audit of `database` inside this process, which is quicker than starting one."""
    reconciliation = Reconciliation(database, events.topic, events.topic, kafka_topic_of(events), None)
    return reconciliation.run(lambda _: None).findings.details
