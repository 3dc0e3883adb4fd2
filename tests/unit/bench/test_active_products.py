"""The products that benchmarks fill a database with: what happens to one of them."""

from random import Random

from bench.serving.active_products import Activity, increments_of, name_of

NOW_MS = 1_796_032_728_954


def test_events_are_as_many_and_as_recent_as_asked_for_and_the_first_is_a_sale() -> None:
    activity = Activity(NOW_MS, seconds=7_200, least=3, most=5)
    for product in range(1, 50):
        added = increments_of(product, 0, Random(product), activity)
        documents = [document for sums in added.minutes.values() for document in sums.documents]
        assert 3 <= len(documents) <= 5
        assert added.sums.sales >= 1
        assert added.sums.sales + added.sums.ratings == len(documents)
        assert NOW_MS - 7_200_000 <= added.first_seen_ms <= added.newest_ms <= NOW_MS
        assert added.name == name_of(product)


def test_names_begin_alike_and_differ() -> None:
    names = {name_of(product) for product in range(2_000)}
    assert len(names) == 2_000
    assert all(name.startswith("Product ") for name in names)
