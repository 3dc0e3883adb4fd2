"""Completes a stack whose parts have been started: replica set, topic; returns once both services answer."""

import time
from collections.abc import Callable
from functools import partial

import httpx

from stack.packages import Say
from stack.parts import kafka, mongo
from stack.plan import PARTITIONS, TOPIC, Plan
from stack.waiting import listens, wait_until

READY_SECONDS = 60.0


def complete(plan: Plan, bootstrap_servers: str, say: Say) -> None:
    """Set up what the parts need of each other and wait for them. Raises StackError naming what did not come."""
    _timed(say, "MongoDB, a replica set", lambda: mongo.wait_ready(plan.settings.mongo_port))
    if plan.kafka == "apache":
        _timed(say, f"Kafka, topic {TOPIC}, {PARTITIONS} partitions", lambda: _topic(bootstrap_servers))
    else:
        say("Kafka: librdkafka's mock broker, 4 partitions; it has no topic ids, so consumers do not compare them")
    _timed(say, f"{plan.consumer} consumers", lambda: _all_listen("the consumers' metrics", plan.metrics_ports))
    _timed(say, f"{plan.api} API instances", lambda: _apis_ready(plan.api_ports))
    if plan.url.endswith(f":{plan.settings.http_port}"):
        _timed(say, f"nginx in front of them, at {plan.url}", lambda: _all_listen("nginx", [plan.settings.http_port]))


def _timed(say: Say, what: str, action: Callable[[], None]) -> None:
    started = time.monotonic()
    action()
    say(f"{what} ({time.monotonic() - started:.1f} s)")


def _topic(bootstrap_servers: str) -> None:
    kafka.wait_ready(bootstrap_servers)
    kafka.create_topic(bootstrap_servers, TOPIC, PARTITIONS)


def _all_listen(what: str, ports: list[int]) -> None:
    wait_until(f"{what} to listen", lambda: all(map(listens, ports)), READY_SECONDS)


def _apis_ready(ports: list[int]) -> None:
    with httpx.Client(timeout=5) as client:
        for port in ports:
            url = f"http://127.0.0.1:{port}/readyz"
            wait_until(f"{url} to be ready", partial(_is_ready, client, url), READY_SECONDS)


def _is_ready(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).is_success
    except httpx.TransportError:
        return False
