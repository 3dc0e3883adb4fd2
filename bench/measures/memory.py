"""Measures the memory of a consumer that has a large backlog before it."""

from bench.contest.contest import run
from bench.lab.laboratory import Lab
from bench.lab.topics import publish
from bench.options import Options
from bench.peers.ours import Ours
from bench.results.report import GoalRow, Section, at_most

GOAL_MB = 250.0
"""The project's goal: the most resident memory, in millions of bytes."""

FLAT = 1.1
"""The memory counts as flat if its peak in the second half is at most so many times that of the first half."""


def measure(lab: Lab, options: Options) -> Section:
    """Measure the peak of a consumer's resident memory, and whether the memory grows."""
    topic = publish(lab, options.waiting, options.products)
    memory = run(lab, Ours(), topic, 4 * options.seconds).memory
    section = Section(f"Memory: {options.waiting:,} events waiting")
    reached = f"{memory.peak:.0f} MiB, second half against first {memory.growth:.2f}"
    section.rows.append(
        GoalRow(
            f"memory of a consumer, {options.waiting:,} events waiting",
            f"≤ {GOAL_MB:.0f} MB, flat",
            reached,
            at_most(memory.peak * 2**20 / 1e6, GOAL_MB) if memory.growth <= FLAT else "no",
        )
    )
    return section
