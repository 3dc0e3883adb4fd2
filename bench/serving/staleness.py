"""Times how long after its commit a sale is in a top, by publishing sales each of which is the greatest so far."""

import json
import time
from functools import partial
from random import Random
from typing import Final

import httpx
from confluent_kafka import Producer

from bench.contest.contest import CopyTask
from bench.serving.ranked import POLL_SECONDS
from shared.documents import PRODUCTS
from stack.waiting import wait_until

FIRST_PRODUCT: Final = 1_000_000_000
"""The product of the first sale; the others follow. Nothing else is about them."""
AMOUNT: Final = 10**12
"""Of the first sale, far above what any other product sold in all windows; each of the others is greater by one."""
PATIENCE_SECONDS: Final = 30.0
"""How long a sale may take before the run fails: far beyond the goal. At half of it a very busy machine may fail; at
twice of it a consumer that does not work is noticed after a minute."""


def staleness(task: CopyTask, client: httpx.Client, path: str, sales: int) -> list[float]:
    """The milliseconds of each sale from its commit until it comes first at `path`, which asks for one product.

    A consumer works on the task meanwhile. Sales are published at random moments, so that they meet the rounds of the
    process that answers at all moments alike. Raises StackError where a sale does not come.
    """
    producer = Producer({"bootstrap.servers": task.lab.kafka.bootstrap_servers, "linger.ms": 0})
    random = Random(7)
    taken = []
    for number in range(sales):
        product = FIRST_PRODUCT + number
        time.sleep(random.random())
        sale = {"event": "productSold", "name_of_product": "p", "product_id": product, "no_of_units": 1}
        producer.produce(task.topic.name, json.dumps(sale | {"amount": AMOUNT + number}), str(product))
        producer.flush(PATIENCE_SECONDS)
        wait_until("a sale's commit", partial(_is_stored, task, product), PATIENCE_SECONDS, POLL_SECONDS)
        committed = time.perf_counter()
        wait_until("a sale in the top", partial(_is_first, client, path, product), PATIENCE_SECONDS, POLL_SECONDS)
        taken.append((time.perf_counter() - committed) * 1e3)
    return taken


def _is_stored(task: CopyTask, product: int) -> bool:
    """Whether the batch that has a new product was committed: its document is inserted with the events."""
    return task.database[PRODUCTS].find_one({"_id": {"$gte": {"p": product}, "$lt": {"p": product + 1}}}) is not None


def _is_first(client: httpx.Client, path: str, product: int) -> bool:
    """Whether the product comes first; not where there is no answer at present."""
    answer = client.get(path)
    return answer.status_code == httpx.codes.OK and [row["id"] for row in answer.json()] == [product]
