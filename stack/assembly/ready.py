"""Completes a stack whose parts were started: makes the replica set and the topic, waits until the services answer."""

from functools import partial

import httpx

from stack.assembly.plan import PARTITIONS, TOPIC, Plan
from stack.install.packages import Say
from stack.parts import kafka, replica_set
from stack.waiting import listens, wait_until

READY_SECONDS = 60.0
"""How long to wait for each kind of service, in seconds.

At half of it a slow start on a busy machine counts as a failure; at twice of it a person waits two minutes for the
message about a service that will never answer. A service that ends is noticed at once, by the supervisor.
"""


def complete(plan: Plan, bootstrap_servers: str, say: Say) -> None:
    """Set up what the parts need of each other, and block until all of them answer.

    `say` shows each step that is done. Raises StackError naming the part that did not answer within its time.
    """
    replica_set.wait_ready(plan.settings.mongo_port)
    say("MongoDB: a replica set of one member")
    if plan.kafka == "apache":
        _topic(bootstrap_servers)
        say(f"Kafka: topic {TOPIC} with {PARTITIONS} partitions")
    else:
        say(
            "Kafka: librdkafka's mock broker with 4 partitions, which forgets everything when it ends; it has no topic "
            "ids, so consumers do not compare them; docs/operations/mock-broker.md says what else it cannot do"
        )
    _all_listen("the consumers' metrics", plan.metrics_ports)
    say(f"{plan.consumer} consumers")
    _apis_ready(plan.api_ports)
    say(f"{plan.api} API instances")
    if plan.balanced:
        _all_listen("nginx", [plan.settings.https_port])
        say(f"nginx in front of them: {plan.url}")


def _topic(bootstrap_servers: str) -> None:
    kafka.wait_ready(bootstrap_servers)
    kafka.create_topic(bootstrap_servers, TOPIC, PARTITIONS)


def _all_listen(what: str, ports: list[int]) -> None:
    wait_until(f"{what} to listen", lambda: all(map(listens, ports)), READY_SECONDS)


def is_ready(client: httpx.Client, port: int) -> bool:
    """Whether the API instance on this port of 127.0.0.1 answers `/readyz` with success."""
    try:
        return client.get(f"http://127.0.0.1:{port}/readyz").is_success
    except httpx.TransportError:
        return False


def _apis_ready(ports: list[int]) -> None:
    with httpx.Client(timeout=5) as client:
        for port in ports:
            wait_until(f"the API on port {port} to be ready", partial(is_ready, client, port), READY_SECONDS)
