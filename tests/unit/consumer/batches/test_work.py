"""How much the consumer does for an event, counted, not timed: what is kept of it, and how many functions it runs.

The bounds leave room for another Python version, not for another object or another pass an event.
"""

import gc
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import pytest
from confluent_kafka import Message

from consumer.batches.batch import Batch, Rules
from consumer.partitions.lease import Lease
from consumer.partitions.taken import Taken
from consumer.storage.preparation import prepare
from scripts.publish.generated.generate import generate
from tests.support.kafka.messages import received

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
EVENTS = 4_000
PRODUCTS = 50


def taken(partition: int = 0) -> Taken:
    lease = Lease(partition, epoch=1, generation=1, next_offset=0, read_from=0, topic_id="")
    return Taken(lease, received(generate(count=EVENTS, products=PRODUCTS, seed=3), partition, NOW_MS), NOW, 0.0)


def empty() -> Batch:
    return Batch(Rules("events", 400, copy_rejections=False))


def calls(work: Callable[[], object], named: str | None = None) -> int:
    """How many functions `work` calls, those of the interpreter included; or those of a name that C code defines."""
    count = 0

    def note(_frame: FrameType, event: str, called: object) -> None:
        nonlocal count
        if named is None:
            count += event in {"call", "c_call"}
        else:
            count += event == "c_call" and getattr(called, "__name__", "") == named

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def instructions(work: Callable[[], object]) -> int:
    """How many instructions Python runs in `work`, without what runs in C."""
    count = 0

    def note(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return note

    before = sys.gettrace()
    sys.settrace(note)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def test_of_an_event_only_its_document_is_kept() -> None:
    messages, batch = taken(), empty()
    batch.add(taken())  # whatever is made once
    gc.collect()
    objects, blocks = len(gc.get_objects()), sys.getallocatedblocks()
    batch.add(messages)
    assert sys.getallocatedblocks() - blocks < 1.5 * EVENTS
    assert len(gc.get_objects()) - objects < 0.1 * EVENTS


@pytest.mark.parametrize("part", [{"key": b"x" * 1_000}, {"value": b"x" * 1_000}, {"headers": [("x", b"x" * 999)]}])
def test_a_batch_is_as_large_as_all_that_its_messages_hold(part: dict[str, Any]) -> None:
    batch, lease = empty(), taken().lease
    batch.add(Taken(lease, [Message(topic="events", partition=0, offset=0, **part)], NOW, 0.0))
    assert batch.size == 1_000


def test_how_much_messages_hold_is_added_up_once() -> None:
    messages = taken()
    assert calls(lambda: messages.size) > EVENTS
    assert calls(lambda: messages.size) < 10


def test_messages_that_are_written_are_left_out_without_a_look_at_each() -> None:
    batch = empty()
    batch.add(taken())
    (lease,) = batch.ends
    lease.next_offset = batch.ends[lease]
    assert calls(batch.unwritten) < EVENTS / 10


def test_an_event_is_judged_encoded_and_summed_by_a_few_dozen_calls() -> None:
    messages, batch = taken(), empty()
    batch.add(taken(1))
    assert calls(lambda: batch.add(messages)) < 43 * EVENTS


def test_an_event_without_an_id_is_judged_encoded_and_summed_by_few_instructions() -> None:
    """Python 3.11 runs 685, of which 7 look for ids and for fields that BSON cannot hold, where there are none."""
    messages, batch = taken(), empty()
    batch.add(taken(1))
    assert instructions(lambda: batch.add(messages)) < 692 * EVENTS


def test_headers_are_read_only_where_one_of_them_gives_ids() -> None:
    messages = taken()
    assert messages.size  # which reads them, once
    assert calls(lambda: empty().add(messages), "headers") == 0
    with_ids = Batch(Rules("events", 400, copy_rejections=False, event_id_header="ce_id"))
    assert calls(lambda: with_ids.add(messages), "headers") == EVENTS


def test_closing_a_batch_costs_by_its_products_not_by_its_events() -> None:
    batch = empty()
    batch.add(taken())
    once = calls(lambda: prepare(batch))
    batch.add(taken(1))
    assert once < 120 * PRODUCTS  # each of them is encoded, as the first that MongoDB hears of it
    assert calls(lambda: prepare(batch)) < 2.2 * once
