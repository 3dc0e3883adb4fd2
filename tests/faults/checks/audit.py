"""The audit that operators run. After every scenario it must find nothing wrong."""

import json
import os
import subprocess
import sys

from tests.support.kafka.consumer_group import ConsumerGroup
from tests.support.process import ROOT

AUDIT_SECONDS = 120
"""Many times what an audit of a scenario's data takes."""


def check(group: ConsumerGroup) -> None:
    """Assert that `python -m scripts.audit` ends with 0 and reports `ok`."""
    done = subprocess.run(
        (sys.executable, "-m", "scripts.audit", "--json"),
        cwd=ROOT,
        env={**os.environ, **group.environment()},
        capture_output=True,
        text=True,
        timeout=AUDIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"the audit ended with {done.returncode}: {done.stdout}{done.stderr}"
    assert json.loads(done.stdout)["ok"], done.stdout
