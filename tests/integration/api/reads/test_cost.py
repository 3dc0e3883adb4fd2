"""What an answer costs, counted instead of timed: queries, documents that MongoDB examines, functions that run."""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from types import FrameType

import pytest
from starlette.types import ASGIApp, Message, Scope

from api.app import create_app
from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.queries import (
    BY_ID,
    Query,
    Stages,
    known_products,
    ratings_by_product,
    sales_by_product,
    sales_by_second,
    sales_of_all,
)
from api.reads.sales import SalesReader
from api.reads.window import Window
from shared.mongo import connect_async
from shared.settings import ApiSettings
from tests.integration.api.conftest import NOON
from tests.support.api.running import Api, ManualClock
from tests.support.documents.given_events import Documents, GivenRating, GivenSale, store

HOUR = 3_600_000


class Counted:
    """A sales reader whose clock stands at 12:30:30 and whose queries are counted by name."""

    def __init__(self, runner: asyncio.Runner, settings: ApiSettings) -> None:
        async def reader() -> SalesReader:
            self.database = connect_async(settings, "test")
            counted = MongoReader(self.database, lambda name, took: self.queries.update([name]))
            return SalesReader(counted, Freshness(counted), self.clock)

        self.queries: Counter[str] = Counter()
        self.clock = ManualClock(NOON + HOUR // 2 + 30_000)
        self._runner = runner
        self._reader = runner.run(reader())

    def read(self, *products: int) -> Counter[str]:
        """Read these products' sales. Returns how many queries of each name that took, without those for the as-of."""
        self.queries.clear()
        self._runner.run(self._reader.of_products(products))
        del self.queries["freshness"]
        return Counter(self.queries)


@pytest.fixture
def counted(settings: ApiSettings) -> Iterator[Counted]:
    with asyncio.Runner() as runner:
        counted = Counted(runner, settings)
        yield counted
        runner.run(counted.database.client.close())


def test_many_products_are_one_query(counted: Counted, database: Documents) -> None:
    store(database, [GivenSale(product, NOON, "1") for product in range(20)])
    assert counted.read(*range(20)) == {"sales": 1}


def test_whether_a_product_is_known_is_asked_until_it_is(counted: Counted, database: Documents) -> None:
    store(database, [GivenSale(1, NOON - 48 * HOUR, "1")])
    assert counted.read(1, 2) == {"sales": 1, "known products": 1}
    assert counted.read(1) == {"sales": 1}
    assert counted.read(2) == {"sales": 1, "known products": 1}


def test_the_cut_minute_is_read_when_it_has_sales_and_once(counted: Counted, database: Documents) -> None:
    edge = counted.clock.now_ms - HOUR
    store(database, [GivenSale(1, edge, "1"), GivenSale(2, edge, "1"), GivenSale(3, edge + 60_000, "1")])
    assert counted.read(3) == {"sales": 1}
    assert counted.read(1, 2, 3) == {"sales": 1, "cut minute": 1}
    counted.clock.now_ms += 10_000
    assert counted.read(1, 2, 3) == {"sales": 1}
    # A late event of product 2 in that minute: its raw events are read again.
    store(database, [GivenSale(2, edge + 20_000, "1", partition=9)])
    assert counted.read(1, 2, 3) == {"sales": 1, "cut minute": 1}
    assert counted.read(1, 2, 3) == {"sales": 1}


def test_a_window_that_starts_with_a_whole_minute_needs_no_events(counted: Counted, database: Documents) -> None:
    counted.clock.now_ms = NOON + 120_000
    store(database, [GivenSale(1, NOON + 120_000 - HOUR, "1")])
    assert counted.read(1) == {"sales": 1}


def test_queries_by_range_of_id_say_which_index_they_mean(api: Api) -> None:
    """As MongoDB has profiled them: without the hint it plans each range separately (ADR 5)."""
    store(api.database, [GivenRating(1, NOON, "4"), GivenSale(2, NOON, "1")])
    api.database.command("profile", 2)
    for path in ("/api/product/sale/1", "/api/product/sale/2", "/api/product/sale", "/api/product/rating/1"):
        assert api.get(path).status_code == 200
    api.database.command("profile", 0)
    asked = [
        (entry["ns"].partition(".")[2], entry["command"].get("hint"))
        for entry in api.database["system.profile"].find()
        if entry["ns"].endswith((".rollups", ".products", ".totals"))
    ]
    assert {collection for collection, _ in asked} == {"rollups", "products", "totals"}
    assert {str(hint) for _, hint in asked} == {"{'_id': 1}"}


def test_documents_examined_do_not_grow_with_history(database: Documents) -> None:
    window = Window.at(NOON + 90_500)
    examined = []
    for hours in (range(3), range(3, 300)):
        store(database, [GivenSale(product, NOON - hour * HOUR, "1") for hour in hours for product in (1, 2)])
        by_product = _examined(database, "rollups", sales_by_product([1, 2], window))
        of_all = _examined(database, "totals", sales_of_all(window))
        examined.append((by_product, of_all))
    assert examined[0] == examined[1]
    # Two products have two documents each, hours 11 and 12. All products together have one an hour, and a third for the
    # cut minute if something was sold in it.
    assert max(examined[0]) <= 4


def test_of_the_cut_minute_only_the_products_own_events_are_examined(database: Documents) -> None:
    minute = NOON // 60_000
    of_the_minute = [GivenSale(1, NOON + second * 1_000, "1") for second in range(5)]
    around = [GivenSale(1, NOON + minutes * 60_000, "1") for minutes in (*range(-40, 0), *range(1, 40))]
    store(database, [*of_the_minute, *around, *(GivenSale(product, NOON, "1") for product in range(2, 40))])
    collection, pipeline = sales_by_second([1], minute)
    # To find the ends of its range, a clustered scan may examine one document beyond each.
    assert _examined(database, collection, pipeline, hint=None) in (5, 6, 7)


def test_ratings_and_whether_a_product_is_known_cost_a_document_a_partition(database: Documents) -> None:
    store(database, [GivenRating(1, NOON - hour * HOUR, "4.5", partition=hour % 3) for hour in range(200)])
    store(database, [GivenRating(product, NOON, "4") for product in range(2, 40)])
    assert _examined(database, "products", ratings_by_product([1])) == 3
    assert _examined(database, "products", known_products([1])) <= 3


def _examined(database: Documents, collection: str, asked: Query | Stages, hint: dict[str, int] | None = BY_ID) -> int:
    command: dict[str, object] = {"aggregate": collection, "pipeline": asked, "cursor": {}}
    if isinstance(asked, Query):
        command = {"find": collection, "filter": asked.filter, "projection": asked.fields}
    if hint is not None:
        command["hint"] = hint
    explained = database.command("explain", command, verbosity="executionStats")
    stats = explained.get("executionStats") or explained["stages"][0]["$cursor"]["executionStats"]
    examined: int = stats["totalDocsExamined"]
    return examined


def test_an_answer_with_data_passes_nothing_of_fastapi(settings: ApiSettings, database: Documents) -> None:
    """A route that FastAPI runs costs several times as much."""
    store(database, [GivenSale(3, NOON, "7")])
    api = Api(settings, database, ManualClock(NOON), "")
    application, token = create_app(settings, api.clock), api.token()

    async def ask() -> tuple[list[Message], set[str]]:
        async with application.framework.router.lifespan_context(application.framework) as state:
            scope = {
                "type": "http",
                "method": "GET",
                "path": "/api/product/sale/3",
                "query_string": b"",
                "client": ("127.0.0.1", 1),
                "headers": [(b"authorization", b"Bearer " + token.encode())],
                "state": state,
            }
            return await _answered(application, scope)

    with asyncio.Runner() as runner:
        (start, body), modules = runner.run(ask())
    assert (start["status"], body["body"]) == (200, b'{"total": 7}')
    assert "api.routes.sales" in modules
    assert not [name for name in modules if name.startswith("fastapi")]


async def _answered(application: ASGIApp, scope: Scope) -> tuple[list[Message], set[str]]:
    """The messages that `application` answers with, and the modules whose functions ran meanwhile."""
    messages: list[Message] = []
    modules: set[str] = set()

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            modules.add(frame.f_globals.get("__name__", ""))

    sys.setprofile(note)
    try:
        await application(scope, receive, send)
    finally:
        sys.setprofile(None)
    return messages, modules
