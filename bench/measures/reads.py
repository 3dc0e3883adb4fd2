"""Measures how many requests a second one API process answers, by route.

The API's own routes stand beside a constant answer, which shows what it costs to answer at all, and beside the plain
style, which aggregates raw events for each request.
"""

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import psutil
from pymongo import ASCENDING
from pymongo.database import Database

from bench.contest.contest import EVENTS_PREFIX
from bench.contest.usage import processor_seconds
from bench.lab.laboratory import Lab
from bench.lab.topics import publish
from bench.options import Options
from bench.results.ratios import ratio, spread
from bench.results.report import GoalRow, Section, at_least, at_most
from bench.results.rounds import alternate
from bench.serving.api_with_peers import RAW_EVENTS
from bench.serving.load import CONNECTIONS, LoadResult, load
from bench.serving.past import consume
from bench.serving.served import PEERS, ServedApi, serving
from shared.events import PRODUCT_SOLD

PRODUCT, ALL, RATING = "sale/{id}", "sale", "rating/{id}"
CONSTANT, DIRECT, RAW = "a constant of FastAPI's", "a constant by the direct way", "one query a request on raw events"
ROUTES = {
    PRODUCT: "/api/product/sale/{product}",
    ALL: "/api/product/sale",
    RATING: "/api/product/rating/{product}",
    CONSTANT: "/bench/constant",
    DIRECT: "/bench/direct",
    RAW: "/bench/raw/{product}",
}
SPREAD_SECONDS = 3_590
"""The events happen within so many seconds before they are published: within the last hour, less ten seconds, so that
they are still in the last hour when the consumer has stored them."""

OF_CONSTANT, OF_RAW, OF_PRODUCT = 0.6, 10.0, 2.0
"""The project's goals. The answer about one product's sales: at least so many times the rate of FastAPI's constant, and
of the plain style. The answer about all products: at most so many times as long as about one product."""


def measure(lab: Lab, options: Options) -> Section:
    """Measure all routes of one API process, in turn."""
    topic = publish(lab, options.events, options.products, spread_seconds=SPREAD_SECONDS)
    with lab.database() as database:
        consume(lab, topic, database)
        store_raw_events(database)
        with serving(lab, database.name, PEERS) as served:
            asked = {name: partial(_asked, lab, served, route, options) for name, route in ROUTES.items()}
            loads = alternate(asked, options.rounds, lambda seen: f"{seen.rate:,.0f} answers/s")
    return _section(options, loads)


@dataclass(frozen=True)
class CostedLoad(LoadResult):
    """A load's result, and what an answer cost the API and mongod, in microseconds of processor time."""

    api: float
    mongod: float


def _asked(lab: Lab, served: ServedApi, route: str, options: Options) -> CostedLoad:
    api, mongod = [psutil.Process(served.running.pid)], [lab.mongod]
    before = processor_seconds(api), processor_seconds(mongod)
    seen = load(served, route, options.products, options.load_seconds)
    used = processor_seconds(api) - before[0], processor_seconds(mongod) - before[1]
    return CostedLoad(**asdict(seen), api=used[0] / seen.answers * 1e6, mongod=used[1] / seen.answers * 1e6)


def store_raw_events(database: "Database[dict[str, Any]]") -> None:
    """Store the same sales once more as a plain consumer would: raw events with an index on product and time."""
    for name in database.list_collection_names():
        if name.startswith(EVENTS_PREFIX):
            fields = {
                "_id": 0,
                "product_id": "$_id.p",
                "created_at": {"$toDate": "$_id.t"},
                "amount": {"$toDouble": "$amount"},
            }
            merge = {"$merge": {"into": RAW_EVENTS}}
            database[name].aggregate([{"$match": {"event": PRODUCT_SOLD}}, {"$project": fields}, merge])
    database[RAW_EVENTS].create_index([("product_id", ASCENDING), ("created_at", ASCENDING)])


def _section(options: Options, loads: dict[str, list[CostedLoad]]) -> Section:
    constant, raw = ratio(loads, PRODUCT, CONSTANT, _rate), ratio(loads, PRODUCT, RAW, _rate)
    slower = ratio(loads, PRODUCT, ALL, _rate)
    section = Section(
        f"Reads: one worker, {CONNECTIONS} connections, {options.events:,} events in the hour",
        header=("route", "answers/s", "median ms", "99 % ms", "processor µs an answer: API", "mongod"),
        figures=[
            (
                name,
                spread(loads, name, _rate).text("{:,.0f}"),
                spread(loads, name, lambda seen: seen.median).text("{:.1f}"),
                spread(loads, name, lambda seen: seen.p99).text("{:.1f}"),
                spread(loads, name, lambda seen: seen.api).text("{:.0f}"),
                spread(loads, name, lambda seen: seen.mongod).text("{:.0f}"),
            )
            for name in loads
        ],
    )
    section.rows = [
        GoalRow(
            f"{PRODUCT} over {options.products:,} products, against {CONSTANT} in the same worker, same check",
            f"≥ {OF_CONSTANT:g}×",
            f"{constant.text()}×",
            at_least(constant.median, OF_CONSTANT),
        ),
        GoalRow(f"… against {DIRECT}", "report", f"{ratio(loads, PRODUCT, DIRECT, _rate).text()}×"),
        GoalRow(f"… against {RAW}", f"≥ {OF_RAW:g}×", f"{raw.text('{:.1f}')}×", at_least(raw.median, OF_RAW)),
        GoalRow(
            f"time of {ALL} (all products) against {PRODUCT}",
            f"≤ {OF_PRODUCT:g}×",
            f"{slower.text()}×",
            at_most(slower.median, OF_PRODUCT),
        ),
    ]
    section.remarks.append(
        "The plain style stores only the sales, as doubles, in a collection with the index `{product_id, created_at}`. "
        "The same driver queries it in the same FastAPI process, behind the same check of tokens."
    )
    return section


def _rate(seen: CostedLoad) -> float:
    return seen.rate
