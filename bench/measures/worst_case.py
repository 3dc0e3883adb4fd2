"""Measures the worst case for aggregates: nearly every event is about another product, in any partition."""

from bench.contest.contest import Contestant
from bench.lab.laboratory import Lab
from bench.lab.topics import publish
from bench.measures.consume import CONNECT, HEADER, OURS, figures, race, rate
from bench.options import Options
from bench.results.ratios import ratio
from bench.results.report import GoalRow, Section, at_least

GOAL = 0.8
"""The project's goal: at least so many times as fast as Kafka Connect, which keeps no aggregates."""


def measure(lab: Lab, options: Options) -> Section:
    """Measure events a second where products are uniformly random and events have no keys."""
    topic = publish(lab, options.worst_events, options.many_products, keyed=False)
    contestants: list[Contestant] = [OURS, CONNECT] if options.downloads else [OURS]
    results = race(lab, topic, contestants, options)
    title = f"Worst case: {options.worst_events:,} unkeyed events, {options.many_products:,} products at random"
    section = Section(title, header=HEADER, figures=figures(results))
    if options.downloads:
        reached = ratio(results, OURS.name, CONNECT.name, rate)
        section.rows.append(
            GoalRow(
                f"worst case ({options.many_products:,} products at random, unkeyed) against {CONNECT.name}",
                f"≥ {GOAL:g}×",
                f"{reached.text()}×",
                at_least(reached.median, GOAL),
            )
        )
    return section
