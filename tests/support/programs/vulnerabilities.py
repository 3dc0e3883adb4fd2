"""Look up known vulnerabilities of the pinned dependencies by pip-audit.

Where no database of vulnerabilities can be reached, it says so and ends with 0.

Exit codes: 0 none is known, or none could be looked up · 1 some are known.
"""

import json
import subprocess
import sys
from typing import Any

import typer
from rich.console import Console

from tests.support.process import ROOT

REQUIREMENTS = ROOT / "requirements" / "dev.txt"
"""The versions that the tests run with, among them all that the two services run with."""
SERVICES = ("pypi", "osv")
"""Databases that pip-audit can ask, in the order in which they are tried."""
SECONDS = 300
"""How long one may take for all dependencies."""

app = typer.Typer(add_completion=False, help=__doc__)
console = Console(highlight=False, soft_wrap=True)


@app.command()
def main() -> None:
    """Look up every pinned dependency in the first database that answers."""
    for service in SERVICES:
        looked_up, known = judge(_report(service))
        if looked_up:
            for line in known:
                console.print(line, style="red", markup=False)
            console.print(f"{looked_up} dependencies looked up in {service}, {len(known)} known vulnerabilities")
            raise typer.Exit(bool(known))
    console.print(f"dependencies not looked up: neither {' nor '.join(SERVICES)} answers from here")


def judge(report: dict[str, Any]) -> tuple[int, list[str]]:
    """How many dependencies pip-audit could look up, and a line for each vulnerability that it found.

    `report` is pip-audit's JSON; empty when it wrote none.
    """
    looked_up = [one for one in report.get("dependencies", []) if "skip_reason" not in one]
    known = [
        f"{one['name']} {one['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'no version yet'}"
        for one in looked_up
        for flaw in one["vulns"]
    ]
    return len(looked_up), known


def _report(service: str) -> dict[str, Any]:
    """pip-audit's JSON report; empty when it writes none, as when it cannot reach the service."""
    options = ("--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json")
    argv = (sys.executable, "-m", "pip_audit", *options, "--vulnerability-service", service, "-r", str(REQUIREMENTS))
    ended = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=SECONDS)
    report: dict[str, Any] = json.loads(ended.stdout or "{}")
    return report


if __name__ == "__main__":
    app(prog_name="python -m tests.support.programs.vulnerabilities")
