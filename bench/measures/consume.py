"""A backlog worked off by one process of each contestant."""

from functools import partial

from bench.contest.contest import Contestant, Outcome, run
from bench.lab.laboratory import Lab
from bench.lab.topics import Topic, publish
from bench.options import Options
from bench.peers.kafka_connect import KafkaConnect
from bench.peers.limit import Limit
from bench.peers.ours import Ours
from bench.peers.programs import FAST_STREAM, PLAIN, QUIX_STREAMS
from bench.results.ratios import Rounds, ratio, spread
from bench.results.report import Row, Section, at_least, at_most
from bench.results.rounds import alternate

OURS, CONNECT, LIMIT = Ours(), KafkaConnect(), Limit()
GOALS = {CONNECT.name: 3.0, QUIX_STREAMS.name: 3.5, LIMIT.name: 0.7}


def measure(lab: Lab, options: Options) -> Section:
    """Events a second and processor time an event: this project against all peers, and against the limit."""
    topic = publish(lab, options.events, options.products)
    fetched: list[Contestant] = [CONNECT, QUIX_STREAMS, FAST_STREAM] if options.downloads else []
    outcomes = race(lab, topic, [OURS, LIMIT, *fetched, PLAIN], options)
    section = Section(f"Consume: {options.events:,} events, {options.products:,} products, one process")
    section.header, section.figures = HEADER, figures(outcomes)
    for peer, goal in GOALS.items():
        if peer in outcomes:
            reached = ratio(outcomes, OURS.name, peer, rate)
            section.rows.append(
                Row(f"consume against {peer}", f"≥ {goal:g}×", f"{reached.text()}×", at_least(reached.median, goal))
            )
    if CONNECT.name in outcomes:
        section.rows.append(processor_row(outcomes))
    section.remarks.append(
        f"From the first event stored to the last, or {options.peer_seconds:g} s of it where a peer is far from the "
        "goal. Only this project also validates, keeps aggregates and dead letters, and moves the offsets, exactly "
        "once; all others copy raw events, at least once. The limit is given documents that were prepared beforehand "
        "as raw BSON."
    )
    return section


def race(lab: Lab, topic: Topic, contestants: list[Contestant], options: Options) -> dict[str, list[Outcome]]:
    """Every contestant on the same topic, in turn."""
    fast = {OURS.name, CONNECT.name, LIMIT.name}
    runs = {
        each.name: partial(run, lab, each, topic, options.seconds if each.name in fast else options.peer_seconds)
        for each in contestants
    }
    return alternate(runs, options.rounds, _told)


HEADER = (
    "consumer", "events/s", "this project is faster by", "processor seconds per million events", "memory, peak MiB",
    "first event stored after",
)  # fmt: skip


def figures(outcomes: Rounds[Outcome]) -> list[tuple[str, ...]]:
    """A line for each contestant."""
    return [
        (
            name,
            spread(outcomes, name, rate).text("{:,.0f}"),
            "" if name == OURS.name else f"{ratio(outcomes, OURS.name, name, rate).text()}×",
            spread(outcomes, name, lambda outcome: outcome.processor_seconds_per_million).text("{:.1f}"),
            spread(outcomes, name, lambda outcome: outcome.memory.peak).text("{:.0f}"),
            f"{spread(outcomes, name, lambda outcome: outcome.first_event_seconds).text('{:.1f}')} s",
        )
        for name in outcomes
    ]


def processor_row(outcomes: Rounds[Outcome]) -> Row:
    """Processor time against Kafka Connect's."""
    ours, theirs = (
        spread(outcomes, name, lambda outcome: outcome.processor_seconds_per_million)
        for name in (OURS.name, CONNECT.name)
    )
    return Row(
        "processor seconds per million events, consumer and mongod",
        f"below Kafka Connect's {theirs.text('{:.1f}')}",
        ours.text("{:.1f}"),
        at_most(ours.median, theirs.median),
    )


def rate(outcome: Outcome) -> float:
    """Events a second."""
    return outcome.rate


def _told(outcome: Outcome) -> str:
    return f"{outcome.rate:,.0f} events/s, {outcome.processor_seconds_per_million:.1f} processor seconds a million"
