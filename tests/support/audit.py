"""The audit as an operator runs it: a process, and what it printed."""

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
from tests.support.pipeline import Pipeline
from tests.support.process import ROOT

AUDIT_SECONDS = 120


def script(
    name: str, environment: Mapping[str, str], *arguments: str, seconds: float = AUDIT_SECONDS
) -> subprocess.CompletedProcess[str]:
    """One of the scripts, run to its end."""
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
    """The report of an audit that could judge; its exit code says the same as its `ok`."""
    done = script("audit", environment, "--json", *arguments)
    assert done.returncode in (0, 1), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["ok"] == (done.returncode == 0)
    return report


def kafka_topic_of(events: Pipeline) -> KafkaTopic:
    """The topic, as an audit reads it."""
    return KafkaTopic(
        ConsumerSettings(
            kafka_bootstrap_servers=events.kafka.bootstrap_servers, kafka_topic=events.topic, group_id=events.topic
        )
    )


def findings_of(events: Pipeline, database: SyncDatabase) -> list[Finding]:
    """An audit in this process, which is quicker."""
    one = Reconciliation(database, events.topic, events.topic, kafka_topic_of(events), None)
    return one.run(lambda _: None).findings.details
