"""What a consumer remembers of the products that it has written, and what it forgets."""

import pytest

from consumer.batches.increments import Latest
from consumer.partitions.lease import Lease
from consumer.storage import memory
from consumer.storage.memory import KnownProduct, ProductKey, ProductMemory

HOUR_MS = 3_600_000


def known(at_ms: int) -> KnownProduct:
    return KnownProduct(0, Latest(at_ms, 7, "name"), is_newest=True)


def key(product: int, partition: int = 0, epoch: int = 1) -> ProductKey:
    return product, partition, epoch


def remembered(one: ProductMemory, *keys: ProductKey) -> list[bool]:
    return [one.recall(each) is not None for each in keys]


def test_the_products_that_were_not_written_for_longest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST_REMEMBERED", 3)
    one = ProductMemory()
    one.remember({key(product): known(1) for product in (1, 2, 3)})
    one.remember({key(1): known(2)})
    one.remember({key(4): known(3), key(5): known(3)})
    assert remembered(one, *map(key, range(1, 6))) == [True, False, False, True, True]
    assert one.recall(key(1)) == known(2)


def test_another_epochs_products_are_not_remembered_and_stay_when_one_is_forgotten() -> None:
    one = ProductMemory()
    one.remember({key(1): known(1), key(1, epoch=2): known(2), key(1, partition=1): known(3)})
    one.forget([Lease(0, 1, 1, 0, read_from=0, topic_id="")])
    assert remembered(one, key(1), key(1, epoch=2), key(1, partition=1), key(1, epoch=3)) == [False, True, True, False]


def test_products_are_told_apart_from_those_that_have_to_be_asked_for() -> None:
    one = ProductMemory()
    one.remember({key(1): known(1)})
    assert one.recall_all([key(2), key(1), key(3)]) == ({key(1): known(1)}, [key(2), key(3)])


def test_the_hour_that_is_certain_is_that_of_the_newest_event_known() -> None:
    assert known(5 * HOUR_MS - 1).hour == 4
    assert known(5 * HOUR_MS).hour == 5
