"""This project beside what a user would pick instead: `make bench`

The same Kafka, the same MongoDB, the same events, in turn, in one run; the report is a table of ratios.
It takes arguments as in `make bench args="--size short --only consume"`; without `--output` the report is printed.
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
from bench.machine import described
from bench.measures import consume, history, ingest, memory, processes, reads, start, visible, worst_case
from bench.options import SIZES, Options
from bench.results.report import Section, document

MEASURES: dict[str, Callable[[Lab, Options], Section]] = {
    "consume": consume.measure,
    "worst-case": worst_case.measure,
    "processes": processes.measure,
    "memory": memory.measure,
    "visible": visible.measure,
    "reads": reads.measure,
    "history": history.measure,
    "ingest": ingest.measure,
    "start": start.measure,
}

console = Console(stderr=True)


def main(
    only: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(MEASURES)}; repeat it for more.")] = None,
    size: Annotated[
        Literal["full", "short", "smoke"],
        typer.Option(help="An hour; half an hour; a minute, without peers that have to be fetched."),
    ] = "full",
    rounds: Annotated[int | None, typer.Option(min=1, help="Alternating rounds, unlike the size's.")] = None,
    events: Annotated[int | None, typer.Option(min=1_000, help="Backlog, unlike the size's.")] = None,
    waiting: Annotated[int | None, typer.Option(min=1_000, help="The same of the memory measure.")] = None,
    history: Annotated[int | None, typer.Option(min=1_000, help="Events of history, unlike the size's.")] = None,
    output: Annotated[Path | None, typer.Option(help="Write the report to this file.")] = None,
) -> None:
    """Measure and report."""
    chosen = only or list(MEASURES)
    if unknown := set(chosen) - MEASURES.keys():
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: not one of {', '.join(MEASURES)}", param_hint="--only")
    given = {"rounds": rounds, "events": events, "waiting": waiting, "history": history}
    sizes = {name: value for name, value in given.items() if value is not None}
    options = dataclasses.replace(SIZES[size], **sizes)  # type: ignore[arg-type]
    started = time.monotonic()
    sections: list[Section] = []
    with laboratory() as lab:
        machine = described(lab)
        for name in chosen:
            sections.append(_measured(name, lab, options))
            # After each: what was measured is not lost when something ends the run.
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

Made by `make bench args="--size {size}"` on {day} in {seconds / 60:.0f} minutes: this project and what a user would
pick instead, in turn, in one run, on the same Kafka, the same MongoDB and the same events; {options.rounds} rounds,
each begun by another contestant. Absolute figures vary with the machine and the hour; ratios, taken within a round,
are the result. A goal holds or does not by the median. `make bench args="--only reads"` measures some of it,
`make bench-smoke` shows in a minute that it runs.
"""


if __name__ == "__main__":
    typer.run(main)
