"""Fills a database with any number of products that have events in the last hours: 100,000 in a minute.

Through Kafka and the consumer it would take many minutes where products are so many, since each event begins an hour.
The consumer's own code lays out the events, products and rollups, so MongoDB holds what it would hold. Only the totals
over all products are left out.
"""

from collections import defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any, Final, NamedTuple

from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from consumer.batches.increments import Increments, ProductIncrements
from consumer.events.encode import Encoder
from consumer.events.event import Event, Rated, Sold
from consumer.storage.statements.products import product_document
from consumer.storage.statements.rollups import rollup_documents
from shared.documents import MINUTE_MS, PRODUCTS, ROLLUPS, event_collection
from shared.mongo import ensure_collections, ensure_event_collection
from shared.name_index import index_names

PARTITIONS: Final = 12
WORDS: Final = ("Armchair", "Bench", "Chair", "Desk", "Étagère", "Lamp", "Möbel", "Sofa", "Table", "椅子")
"""Each follows the word that all names begin with, in a tenth of them."""
AT_ONCE: Final = 2_000
"""Products that are made and inserted at once: some 25,000 events. It trades memory for round trips."""
FIRST_OFFSET: Final = 1_000_000_000
"""Offsets of the events, which no topic of a benchmark reaches."""


class Activity(NamedTuple):
    """What products did lately."""

    now_ms: int
    """Nothing happens later than this, in UTC milliseconds."""
    seconds: int
    """Nor earlier than so long before."""
    least: int
    """Events of a product: so many or more, the first of which is a sale."""
    most: int
    """And so many or fewer."""


def fill(database: "Database[dict[str, Any]]", products: range, activity: Activity) -> None:
    """Add products that the database does not know, and all that the API needs to find and to rank them. Blocks."""
    ensure_collections(database)
    random, known = Random(7), set[str]()
    offset = FIRST_OFFSET
    for first in range(0, len(products), AT_ONCE):
        events: dict[str, list[bytes]] = defaultdict(list)
        rollups: list[bytes] = []
        documents: list[bytes] = []
        for product in products[first : first + AT_ONCE]:
            added = increments_of(product, offset, random, activity)
            offset += activity.most
            documents.append(product_document(product, product % PARTITIONS, added, added.latest))
            rollups += rollup_documents(product, product % PARTITIONS, added.minutes)
            for minute, sums in added.minutes.items():
                events[event_collection(minute * MINUTE_MS)] += sums.documents
        for name in events.keys() - known:
            ensure_event_collection(database, name)
            known.add(name)
        for name, some in (*events.items(), (ROLLUPS, rollups), (PRODUCTS, documents)):
            database[name].insert_many(map(RawBSONDocument, some), ordered=False)
    index_names(database)


def name_of(product: int) -> str:
    """A product's name: all begin alike, and no two are the same."""
    return f"Product {WORDS[product % len(WORDS)]} {product:06}"


def increments_of(product: int, offset: int, random: Random, activity: Activity) -> ProductIncrements:
    """What a product's events add, the first of which is at `offset` of its partition."""
    increments, encoder = Increments(), Encoder(product % PARTITIONS, 1)
    for number, event in enumerate(_events(product, random, activity)):
        increments.add(event, offset + number, encoder.encode(event, offset + number))
    return increments.products[product]


def _events(product: int, random: Random, activity: Activity) -> Iterator[Event]:
    """A product's events: a third of them ratings. How much a product costs decides most about its place in a top."""
    name, cents = name_of(product), random.randint(100, 100_000)
    for number in range(random.randint(activity.least, activity.most)):
        at_ms = activity.now_ms - int(random.random() * activity.seconds * 1_000)
        if number and random.random() < 1 / 3:
            yield Rated(product, at_ms, name, random.randint(0, 500), "Furniture", None)
        else:
            units = random.randint(1, 9)
            yield Sold(product, at_ms, name, units, units * cents * 10_000, None)
