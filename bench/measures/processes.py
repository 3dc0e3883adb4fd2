"""Measures three consumers of one group against a single consumer."""

from bench.lab.laboratory import Lab
from bench.lab.topics import publish
from bench.measures.consume import HEADER, OURS, figures, race, rate
from bench.options import Options
from bench.peers.ours import Ours
from bench.results.ratios import ratio
from bench.results.report import GoalRow, Section

PROCESSES = 3
"""The fewest of which each shares partitions with two others; twelve partitions divide evenly among them."""


def measure(lab: Lab, options: Options) -> Section:
    """Measure the throughput of both, and the write conflicts that MongoDB counts, of which there must be none."""
    several = Ours(PROCESSES)
    results = race(lab, publish(lab, options.events, options.products), [OURS, several], options)
    conflicts = sum(result.write_conflicts for runs in results.values() for result in runs)
    reached = ratio(results, several.name, OURS.name, rate)
    section = Section(f"{PROCESSES} processes of one group", header=HEADER, figures=figures(results))
    section.rows = [
        GoalRow(f"{PROCESSES} processes against one, while processor is left", "report", f"{reached.text()}×"),
        GoalRow("… write conflicts", "0", f"{conflicts}", "no" if conflicts else "yes"),
    ]
    section.remarks.append(
        "The rate of several processes includes the time in which they join the group one after another."
    )
    return section
