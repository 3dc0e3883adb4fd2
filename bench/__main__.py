"""Measures this project beside what a user would pick instead, and writes the report: `make bench`

All contestants use the same Kafka, the same MongoDB and the same events, in turn, in one run; the report gives ratios.
`make bench args="--size short --only consume"` passes arguments. Without `--output` the report is printed.
"""

import dataclasses
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from bench.lab.laboratory import Lab, laboratory
from bench.machine import describe
from bench.measures import (
    analytics,
    consume,
    history,
    ids,
    ingest,
    memory,
    processes,
    reads,
    sealing,
    start,
    top,
    visible,
    worst_case,
)
from bench.options import SIZES, Options
from bench.results.report import Section, document

MEASURES: dict[str, Callable[[Lab, Options], Section]] = {
    "consume": consume.measure,
    "worst-case": worst_case.measure,
    "ids": ids.measure,
    "sealing": sealing.measure,
    "processes": processes.measure,
    "memory": memory.measure,
    "visible": visible.measure,
    "reads": reads.measure,
    "history": history.measure,
    "analytics": analytics.measure,
    "top": top.measure,
    "ingest": ingest.measure,
    "start": start.measure,
}

console = Console(stderr=True)


def main(
    only: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(MEASURES)}; repeat it for more.")] = None,
    size: Annotated[
        Literal["full", "short", "smoke"],
        typer.Option(help="full: two hours; short: one; smoke: ten minutes, without peers that must be fetched."),
    ] = "full",
    rounds: Annotated[int | None, typer.Option(min=1, help="How many rounds; by default the size's.")] = None,
    events: Annotated[int | None, typer.Option(min=1_000, help="Events of a backlog; by default the size's.")] = None,
    waiting: Annotated[int | None, typer.Option(min=1_000, help="The same for the memory measure.")] = None,
    history: Annotated[
        int | None, typer.Option(min=1_000, help="Events of a long history; by default the size's.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write the report to this file.")] = None,
) -> None:
    """Measure this project beside what a user would pick instead, and report."""
    chosen = only or list(MEASURES)
    if unknown := set(chosen) - MEASURES.keys():
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: not one of {', '.join(MEASURES)}", param_hint="--only")
    given = {"rounds": rounds, "events": events, "waiting": waiting, "history": history}
    sizes = {name: value for name, value in given.items() if value is not None}
    options = dataclasses.replace(SIZES[size], **sizes)  # type: ignore[arg-type]
    started = time.monotonic()
    sections: list[Section] = []
    with laboratory() as lab:
        machine = describe(lab)
        for name in chosen:
            sections.append(_measured(name, lab, options))
            # The report is written after each measure, so that nothing measured is lost when something ends the run.
            report = document(_introduction(size, options, time.monotonic() - started), machine, sections)
            if output is not None:
                output.write_text(report)
    if output is None:
        print(report)  # noqa: T201


def _measured(name: str, lab: Lab, options: Options) -> Section:
    console.print(f"{name}: {MEASURES[name].__module__}")
    return MEASURES[name](lab, options)


def _introduction(size: str, options: Options, seconds: float) -> str:
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    return f"""
# Benchmarks

`make bench args="--size {size}"` made this report on {day} in {seconds / 60:.0f} minutes. It measures this project and
what a user would pick instead, in turn, in one run, on the same Kafka, the same MongoDB and the same events. Rounds:
{options.rounds}, each of which begins with another contestant. Absolute figures vary with the machine and the hour; the
ratios, taken within a round, are the result. Whether a goal holds is decided by the median.
`make bench args="--only reads"` measures a part of it; `make bench-smoke` shows in ten minutes that all of it runs.
"""


if __name__ == "__main__":
    typer.run(main)
