"""The worst case for aggregates: nearly every event is of another product than those before it, in any partition."""

from bench.contest.contest import Contestant
from bench.lab.laboratory import Lab
from bench.lab.topics import publish
from bench.measures.consume import CONNECT, HEADER, OURS, figures, race, rate
from bench.options import Options
from bench.results.ratios import ratio
from bench.results.report import Row, Section, at_least

GOAL = 0.8


def measure(lab: Lab, options: Options) -> Section:
    """Events a second of products that are uniformly random, without keys."""
    topic = publish(lab, options.worst_events, options.many_products, keyed=False)
    contestants: list[Contestant] = [OURS, CONNECT] if options.downloads else [OURS]
    outcomes = race(lab, topic, contestants, options)
    title = f"Worst case: {options.worst_events:,} unkeyed events, {options.many_products:,} products at random"
    section = Section(title, header=HEADER, figures=figures(outcomes))
    if options.downloads:
        reached = ratio(outcomes, OURS.name, CONNECT.name, rate)
        section.rows.append(
            Row(
                f"worst case ({options.many_products:,} products at random, unkeyed) against {CONNECT.name}",
                f"≥ {GOAL:g}×",
                f"{reached.text()}×",
                at_least(reached.median, GOAL),
            )
        )
    return section
