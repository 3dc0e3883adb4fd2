"""Measures what it costs that an event counts once by its id, beside Kafka Connect's upsert by business key."""

import os

from bench.contest.contest import Contestant
from bench.lab.laboratory import Lab
from bench.lab.topics import publish
from bench.measures.consume import HEADER, OURS, figures, race, rate
from bench.options import Options
from bench.peers.kafka_connect import UpsertingKafkaConnect
from bench.results.ratios import ratio
from bench.results.report import GoalRow, Section, at_least

GOAL = 1.5
"""The project's goal: at least so many times as fast as Kafka Connect's upserts, which keep no aggregates."""
UPSERTS = UpsertingKafkaConnect()


def measure(lab: Lab, options: Options) -> Section:
    """Measure events a second where each event has an id of its own."""
    topic = publish(lab, options.events, options.products, with_ids=True)
    contestants: list[Contestant] = [OURS, UPSERTS] if options.downloads else [OURS]
    results = race(lab, topic, contestants, options)
    section = Section(f"An id on each event: {options.events:,} events, {options.products:,} products", header=HEADER)
    section.figures = figures(results)
    if options.downloads:
        reached = ratio(results, OURS.name, UPSERTS.name, rate)
        section.rows.append(
            GoalRow(
                f"an id on each event against {UPSERTS.name}",
                f"≥ {GOAL:g}×",
                f"{reached.text()}×",
                at_least(reached.median, GOAL),
            )
        )
    section.remarks.append(
        "Each event has a random UUID as its id, and none is published twice. Kafka Connect replaces a document that "
        f"has the id, or inserts it, by a unique index; its {os.cpu_count() or 1} tasks have no aggregates to keep. "
        "This project asks for a batch's ids, and inserts them in the batch's transaction."
    )
    section.remarks += [f"- {contestant.name}: {contestant.configuration}" for contestant in contestants]
    return section
