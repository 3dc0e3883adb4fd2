"""Known vulnerabilities of the pinned dependencies, by pip-audit; says so where their database cannot be reached.

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
"""Holds what the two services run with as well, at the same versions."""
SERVICES = ("pypi", "osv")
SECONDS = 300

app = typer.Typer(add_completion=False, help=__doc__)
console = Console(highlight=False, soft_wrap=True)


@app.command()
def main() -> None:
    """Look every pinned dependency up in the first database that knows any."""
    for service in SERVICES:
        looked_up, known = judge(_report(service))
        if looked_up:
            for line in known:
                console.print(line, style="red", markup=False)
            console.print(f"{looked_up} dependencies looked up in {service}, {len(known)} known vulnerabilities")
            raise typer.Exit(bool(known))
    console.print(f"dependencies not looked up: neither {' nor '.join(SERVICES)} answers from here")


def judge(report: dict[str, Any]) -> tuple[int, list[str]]:
    """How many dependencies pip-audit could look up, and a line for each vulnerability that it found."""
    looked_up = [one for one in report.get("dependencies", []) if "skip_reason" not in one]
    known = [
        f"{one['name']} {one['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'no version yet'}"
        for one in looked_up
        for flaw in one["vulns"]
    ]
    return len(looked_up), known


def _report(service: str) -> dict[str, Any]:
    """What pip-audit writes; empty where it writes nothing, as it does when it cannot reach the service."""
    options = ("--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json")
    argv = (sys.executable, "-m", "pip_audit", *options, "--vulnerability-service", service, "-r", str(REQUIREMENTS))
    told = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=SECONDS)
    report: dict[str, Any] = json.loads(told.stdout or "{}")
    return report


if __name__ == "__main__":
    app(prog_name="python -m tests.support.programs.vulnerabilities")
