"""What a search costs, counted instead of timed: entries of the index, documents, queries."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.names.latest_names import AT_ONCE
from api.reads.names.queries import Keys, Place, places
from api.reads.names.search import Search, SearchReader
from shared.documents import NAMES_INDEX
from shared.mongo import connect_async
from shared.settings import ApiSettings
from tests.support.documents.given_events import Documents
from tests.support.documents.naming import NamedProducts, Naming

MANY = 3_000
LIMIT = 20


@pytest.fixture
def named(database: Documents) -> NamedProducts:
    named = NamedProducts(database)
    named.store(*(Naming(product, f"product {product:05}") for product in range(MANY)))
    return named


def examined(database: Documents, keys: Keys, after: Place | None) -> dict[str, Any]:
    """What MongoDB says of the first query of a search for a page."""
    command = {"aggregate": "products", "pipeline": places(keys, after, LIMIT + 1), "cursor": {}, "hint": NAMES_INDEX}
    explained = database.command("explain", command, verbosity="executionStats")
    stats: dict[str, Any] = explained.get("executionStats") or explained["stages"][0]["$cursor"]["executionStats"]
    return stats


@pytest.mark.parametrize("page", [None, 0, MANY // 2, MANY - 5])
@pytest.mark.parametrize("prefix", ["", "p", "product 0", "nothing", "product 00007 and more", "\U0010ffff"])
def test_entries_examined_are_those_of_the_page_whatever_the_prefix_and_the_page(
    database: Documents, named: NamedProducts, prefix: str, page: int | None
) -> None:
    after = None if page is None else Place(f"product {page:05}", page)
    stats = examined(database, Keys.beginning_with(prefix), after)
    assert stats["totalDocsExamined"] == 0
    # Where a page begins, each of its two ranges may take one entry to find its end.
    assert stats["totalKeysExamined"] <= LIMIT + 3


class CountedSearch:
    """A reader of searches whose queries are counted by name."""

    def __init__(self, runner: asyncio.Runner, settings: ApiSettings) -> None:
        async def reader() -> SearchReader:
            self.database = connect_async(settings, "test")
            counted = MongoReader(self.database, lambda name, took: self.queries.update([name]))
            return SearchReader(counted, Freshness(counted), 20)

        self.queries: Counter[str] = Counter()
        self._runner = runner
        self._reader = runner.run(reader())

    def cost(self, search: Search) -> Counter[str]:
        """How many queries of each name a page takes, without those for the as-of."""
        self.queries.clear()
        assert self._runner.run(self._reader.page(search)) is not None
        del self.queries["freshness"]
        return Counter(self.queries)


@pytest.fixture
def counted(settings: ApiSettings) -> Iterator[CountedSearch]:
    with asyncio.Runner() as runner:
        counted = CountedSearch(runner, settings)
        yield counted
        runner.run(counted.database.client.close())


def test_a_page_is_two_queries_and_its_place_one_more(named: NamedProducts, counted: CountedSearch) -> None:
    page = {"search": 1, "product documents": 1}
    assert counted.cost(Search("product", LIMIT)) == page
    assert counted.cost(Search("product", LIMIT, after=MANY // 2)) == page | {"product documents": 2}
    assert counted.cost(Search("nothing", LIMIT)) == {"search": 1}
    assert counted.cost(Search("product", LIMIT, products=frozenset(range(50)))) == {"product documents": 1}
    assert counted.cost(Search("product", 100)) == page


def test_of_a_product_in_many_partitions_more_entries_are_read_and_not_many_more_queries(
    database: Documents, named: NamedProducts, counted: CountedSearch
) -> None:
    for partition in range(1, 12):
        named.store(*(Naming(product, f"product {product:05}", 0, partition) for product in range(100)))
    assert counted.cost(Search("product", LIMIT))["search"] == 3


def test_newest_events_are_asked_for_where_names_differ_and_only_there(
    named: NamedProducts, counted: CountedSearch
) -> None:
    named.store(Naming(7, "product 00007", 10, 1), Naming(8, "other", 10, 1))
    with_newest = {"newest days": 1, "newest events": 1}
    assert counted.cost(Search("product 00008", 8)) == {"search": 1, "product documents": 1} | with_newest
    assert counted.cost(Search("product 00007", 8)) == {"search": 1, "product documents": 1}


def test_as_many_disputed_names_as_one_query_asks_for_are_few_enough_for_mongodb(
    named: NamedProducts, counted: CountedSearch
) -> None:
    disputed = range(AT_ONCE)
    named.store(*(Naming(product, f"other {product}", 10, 1) for product in disputed))
    queries = {"product documents": 1, "newest days": 1, "newest events": 1}
    assert counted.cost(Search("other", LIMIT, products=frozenset(disputed))) == queries
