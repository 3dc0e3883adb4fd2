"""Copies of dead letters in their topic. The consumer sends them after the commit; a death in between loses none."""

from functools import partial

from consumer.process.failpoints import BATCH_STEPS
from scripts.publish.generated.generate import generate
from stack.waiting import wait_until
from tests.faults.conftest import Start
from tests.faults.scenario import Scenario
from tests.support.kafka.copies import copies
from tests.support.process import Running

Copied = tuple[object, ...]
"""Reason, partition and offset, as a copy's headers have them."""


def test_kill_9_loses_no_copy(start: Start, full: bool) -> None:
    """The consumer dies at a step of a transaction, or at some moment after one, while it sends copies."""
    scenario = start(partitions=3)
    topic = f"{scenario.group.topic}-dead-letters"
    scenario.group.kafka.create_topic(topic, 1)
    choose = scenario.choose
    steps = choose.sample(BATCH_STEPS, len(BATCH_STEPS)) if full else ["before_commit"]
    for failpoint in [*(f"{step}:kill:1" for step in steps), *[""] * (4 if full else 1)]:
        consumer = scenario.consumer(DEAD_LETTER_TOPIC=topic, FAILPOINT=failpoint)
        scenario.traffic.send(generate(count=300, seed=choose.getrandbits(32), invalid=0.5))
        wait_until("progress or death", partial(moved_or_died, scenario, consumer, scenario.handled), 30)
        consumer.kill()
        scenario.fault()
    last = scenario.consumer(DEAD_LETTER_TOPIC=topic)
    scenario.finish()
    letters = scenario.group.database.rejected_events
    wait_until("every copy noted", lambda: not letters.count_documents({"copy_pending": True}), 60)
    expected = {
        (letter["reason"].encode(), b"%d" % letter["_id"]["k"], b"%d" % letter["_id"]["o"]) for letter in letters.find()
    }
    assert copied(scenario, topic) == expected
    assert last.stop() == 0


def moved_or_died(scenario: Scenario, consumer: Running, handled: int) -> bool:
    """Whether more messages are handled than before, or the failpoint has killed the consumer."""
    return not consumer.is_running or scenario.handled > handled


def copied(scenario: Scenario, topic: str) -> set[Copied]:
    """The copies in the topic. A copy that is there twice, as it may be, counts once."""
    names = [f"dead-letter-{name}" for name in ("reason", "partition", "offset")]
    return {tuple(headers[name] for name in names) for _, headers in copies(scenario.group.kafka, topic)}
