"""Tops over HTTP, against sorting all raw events, while consumers write and others change sums."""

import random
from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from prometheus_client import REGISTRY
from pymongo import UpdateOne

from api.auth.access import RATINGS_READ, SALES_READ
from api.reads.top import reader
from consumer.partitions.lease import Lease
from shared.documents import DAY_MS, HOUR_MS, MINUTE_MS, PARTITIONS, RECENT_SUMS, ROLLUPS, event_collection
from shared.mongo import connect
from stack.waiting import wait_until
from tests.integration.api.conftest import running_api
from tests.support.api.answers import exact
from tests.support.api.running import Api, ManualClock
from tests.support.documents.given_events import Documents
from tests.support.documents.invariant import raw_events
from tests.support.documents.replaying import NOT_JSON, letters, replayer
from tests.support.documents.writing import Writer, encoded
from tests.support.servers.interface import MongoServer

LENGTHS_MS = {"15m": 900_000, "1h": HOUR_MS, "24h": DAY_MS, "7d": 7 * DAY_MS, "30d": 30 * DAY_MS}
MEASURES = ("amount", "units", "sales", "rating")

READY_SECONDS = 9
"""So long a request waits for its board here, so that each answer is asked for once and no 503 is taken for one that
will pass. A board of a few products is loaded at once, or 2 s after the load before; more than 9 s is a fault also on a
busy machine. It is below the deadline of the API's answers, which is at most 10 s."""

Answer = list[dict[str, Any]]
Events = Iterable[dict[str, Any]]


def _boards_loaded() -> int:
    """How many boards the APIs of this process have loaded."""
    return int(REGISTRY.get_sample_value("api_top_boards_loaded_total") or 0)


class Shop:
    """An API and a consumer's committer on one database. Time stands still at `now_ms` until a test moves it."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.database = connect(api.settings, "tests")
        self.writer = Writer(self.database)
        self.leases = [self.writer.lease(0), self.writer.lease(1)]
        self._before: list[Events] = [()]
        """The raw events after each commit since tops last settled: answers may show them while boards catch up."""
        self._loaded_before = _boards_loaded()

    @property
    def loaded(self) -> int:
        """How many boards this API has loaded, those that began anew included."""
        return _boards_loaded() - self._loaded_before

    @property
    def now_ms(self) -> int:
        return self.api.clock.now_ms

    def sell(self, product: int, age_ms: int = 0, amount: str = "1", units: int = 1, name: str = "") -> bytes:
        event = {"event": "productSold", "product_id": product, "name_of_product": name or f"Product {product}"}
        return encoded(event | {"no_of_units": units, "amount": Decimal(amount)}, self.now_ms - age_ms)

    def rate(self, product: int, rating: str, age_ms: int = 0) -> bytes:
        event = {"event": "productRated", "product_id": product, "name_of_product": f"Product {product}"}
        return encoded(event | {"rating": Decimal(rating), "category": "c"}, self.now_ms - age_ms)

    def store(self, *messages: bytes, lease: Lease | None = None) -> None:
        self.writer.commit(self.writer.batch(lease or self.leases[0], messages))
        self._before.append(list(raw_events(self.database)))

    def ask(self, query: str, token: str | None = None) -> Answer:
        """The answer to a question, which waits for its board."""
        answer: Answer = exact(self.api.get(f"/api/product/top?{query}", token))
        return answer

    def begin_ms(self, window: str) -> int:
        begin = self.now_ms // 1000 * 1000 - LENGTHS_MS[window]
        return begin if window in ("15m", "1h") else begin - begin % HOUR_MS

    def expected(self, by: str, window: str, limit: int = 10, least: int = 1, events: Events | None = None) -> Answer:
        """What sorting all raw events gives, or these `events`."""
        of: dict[int, list[Any]] = {}
        for event in raw_events(self.database) if events is None else events:
            if event["_id"]["t"] // 1000 >= self.begin_ms(window) // 1000:
                of.setdefault(event["_id"]["p"], []).append(event)
        ranked = []
        for product, events in of.items():
            sales = [event for event in events if event["event"] == "productSold"]
            ratings = [Fraction(event["rating"].to_decimal()) for event in events if event["event"] == "productRated"]
            name = max(events, key=lambda event: (event["_id"]["t"], event["_id"]["o"]))["name_of_product"]
            row: dict[str, Any] = {"id": product, "name": name}
            if by == "rating":
                if len(ratings) >= least:
                    average = sum(ratings, Fraction(0)) / len(ratings)
                    rounded = (Decimal(average.numerator) / Decimal(average.denominator)).quantize(
                        Decimal("0.01"), ROUND_HALF_EVEN
                    )
                    ranked.append((-average, product, row | {"value": rounded, "ratings": len(ratings)}))
                continue
            value = {
                "amount": sum((Fraction(event["amount"].to_decimal()) for event in sales), Fraction(0)),
                "units": Fraction(sum(event["no_of_units"] for event in sales)),
                "sales": Fraction(len(sales)),
            }[by]
            if value:
                exact = Decimal(value.numerator * 10**6 // value.denominator).scaleb(-6)
                ranked.append((-value, product, row | {"value": exact}))
        return [row for _, _, row in sorted(ranked, key=lambda each: each[:2])[:limit]]

    def agrees(self, windows: tuple[str, ...] = tuple(LENGTHS_MS), measures: tuple[str, ...] = MEASURES) -> bool:
        agreed = all(
            self.ask(f"by={by}&window={window}&limit=10") == self.expected(by, window)
            for by in measures
            for window in windows
        )
        self._before = [list(raw_events(self.database))]
        return agreed

    def settles(self, *questions: tuple[str, str], meanwhile: Answer | None = None) -> None:
        """Wait until these tops are as sorting all raw events gives them.

        Until then each answer must be right for the raw events after an earlier commit, or be `meanwhile`.
        """
        for by, window in questions:
            states = [self.expected(by, window, events=events) for events in self._before]
            right = self.expected(by, window)
            settled = partial(self._settled, f"by={by}&window={window}", right, [*states, meanwhile])
            wait_until(f"the top by {by} over {window}", settled, 5)
        self._before = [list(raw_events(self.database))]

    def _settled(self, query: str, right: Answer, allowed: Sequence[Answer | None]) -> bool:
        """Whether the answer is right. Asserts that it is one of those that are allowed before."""
        answer = self.ask(query)
        assert answer == right or answer in allowed, f"{query}: {answer} was never right; {right} is"
        return answer == right


@pytest.fixture
def shop(mongo: MongoServer, database: Documents, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(reader, "WAIT_SECONDS", READY_SECONDS)
    # 17 s after a full minute, in the middle of the last hour.
    clock = ManualClock(1_796_040_000_000 - HOUR_MS // 2 + 17_250)
    with running_api(mongo, database, clock, mongodb_timeout_ms=10_000) as api:
        shop = Shop(api)
        yield shop
        shop.database.client.close()


def some_events(shop: Shop, count: int, seed: int) -> list[bytes]:
    choose = random.Random(seed)
    borders = [at for length in LENGTHS_MS.values() for at in (length - 1_000, length, length + 1_000, length - 999)]

    def age() -> int:
        longest = choose.choice([60_000, *LENGTHS_MS.values(), 31 * DAY_MS])
        return choose.choice(borders) if choose.random() < 0.2 else choose.randrange(-200_000, longest)

    def one() -> bytes:
        product = choose.randrange(15)
        if choose.random() < 0.4:
            return shop.rate(product, choose.choice(["0", "5", "4.5", "3.33", "4.99"]), age())
        return shop.sell(product, age(), choose.choice(["0", "1", "0.000001", "999999999999999999", "12.5"]), 3)

    return [one() for _ in range(count)]


def test_tops_are_what_sorting_all_raw_events_gives_from_the_start_and_as_events_come(shop: Shop) -> None:
    shop.store(*some_events(shop, 300, seed=1))
    assert shop.agrees()
    shop.store(*some_events(shop, 100, seed=2), lease=shop.leases[1])
    shop.settles(*((by, window) for by in MEASURES for window in LENGTHS_MS))


@pytest.mark.parametrize("window", LENGTHS_MS)
def test_an_amount_is_that_of_the_product_s_own_route(shop: Shop, window: str) -> None:
    shop.store(*some_events(shop, 200, seed=3))
    for product in shop.ask(f"by=amount&window={window}&limit=100"):
        if window == "24h":
            continue  # to the second there, to the hour here
        own = shop.api.get(f"/api/product/sale/{product['id']}?window={window}")
        assert exact(own)["total"] == product["value"]


def test_what_leaves_a_window_leaves_its_top(shop: Shop) -> None:
    shop.store(*some_events(shop, 300, seed=4))
    assert shop.agrees(("15m", "1h"))
    for step_ms in (750, 1_000, 30_000, 60_000, 61_000, 5 * MINUTE_MS, HOUR_MS):
        shop.api.clock.now_ms += step_ms
        assert shop.agrees(("15m", "1h"))
    assert shop.loaded == 2 * len(MEASURES), "a board began anew as minutes left it"


def test_a_new_hour_begins_a_new_board_of_long_windows(shop: Shop) -> None:
    shop.store(*some_events(shop, 200, seed=5))
    assert shop.agrees(("24h", "30d"))
    shop.api.clock.now_ms += HOUR_MS
    assert shop.agrees(("24h", "30d"))
    assert shop.loaded == 2 * 2 * len(MEASURES)


def test_events_that_are_older_than_the_board_s_cut_minute_change_the_seconds_that_count(shop: Shop) -> None:
    shop.store(shop.sell(1, HOUR_MS - 10_000), shop.sell(2, HOUR_MS - 10_000, "2"))
    shop.settles(("amount", "1h"))
    shop.store(shop.sell(1, HOUR_MS - 5_000, "5"), shop.sell(1, HOUR_MS + 5_000, "7"))
    shop.settles(("amount", "1h"))
    assert shop.loaded == 1, "a late event made the board begin anew"


def test_a_batch_that_is_missing_makes_the_board_begin_anew(shop: Shop) -> None:
    shop.store(shop.sell(1))
    shop.settles(("sales", "1h"))
    shop.store(shop.sell(2), shop.sell(2))
    shop.database[RECENT_SUMS].delete_many({})
    shop.store(shop.sell(3))
    shop.settles(("sales", "1h"))


def test_a_repair_makes_the_board_begin_anew(shop: Shop) -> None:
    shop.store(shop.sell(1), shop.sell(2), shop.sell(2))
    hour = shop.now_ms // HOUR_MS
    lost = shop.database[ROLLUPS].find_one_and_delete({"_id": {"p": 2, "h": hour, "k": 0}})
    before = shop.ask("by=sales&window=24h")
    assert [row["id"] for row in before] == [1]
    assert lost is not None
    shop.database[ROLLUPS].insert_one(lost)
    shop.database[PARTITIONS].update_one({"_id.k": 0}, {"$inc": {"repairs": 1}})
    shop.settles(("sales", "24h"), meanwhile=before)


def test_another_generation_makes_the_board_begin_anew(shop: Shop) -> None:
    shop.store(shop.sell(1), shop.sell(2))
    shop.settles(("sales", "1h"))
    shop.database[PARTITIONS].update_one({"_id.k": 0}, {"$set": {"generation": 2, "next_offset": 0}})
    lease = shop.writer.lease(0)
    lease.generation = 2
    shop.store(shop.sell(2), shop.sell(3), lease=lease)
    shop.settles(("sales", "1h"))


def test_a_restored_backup_makes_the_board_begin_anew(shop: Shop) -> None:
    shop.store(shop.sell(1), shop.sell(2))
    shop.settles(("sales", "1h"))
    for name in (RECENT_SUMS, ROLLUPS, event_collection(shop.now_ms)):
        shop.database[name].delete_many({})
    shop.database[PARTITIONS].update_one({"_id.k": 0}, {"$set": {"next_offset": 0}})
    shop.writer.restart()
    shop.store(shop.sell(3), lease=shop.writer.lease(0))
    shop.settles(("sales", "1h"), meanwhile=[])


def test_seconds_that_were_read_for_a_board_serve_no_other(shop: Shop) -> None:
    """The restored database has as much in the cut minute, but before the second in which the window begins."""
    shop.store(shop.sell(1, HOUR_MS - 10_000), shop.sell(2))
    shop.settles(("amount", "1h"))
    for name in (RECENT_SUMS, ROLLUPS, event_collection(shop.now_ms)):
        shop.database[name].delete_many({})
    shop.database[PARTITIONS].update_one({"_id.k": 0}, {"$set": {"next_offset": 0}})
    shop.writer.restart()
    shop.store(shop.sell(1, HOUR_MS + 5_000), lease=shop.writer.lease(0))
    shop.settles(("amount", "1h"), meanwhile=[])


def test_a_consumer_that_leaves_nothing_in_recent_sums_costs_time_and_no_digit(shop: Shop) -> None:
    shop.store(shop.sell(1))
    shop.settles(("sales", "1h"))
    for product in (2, 2, 3, 3, 3):
        shop.store(shop.sell(product))
        shop.database[RECENT_SUMS].delete_many({})
    shop.settles(("sales", "1h"))


def test_replayed_letters_are_counted(shop: Shop) -> None:
    shop.store(shop.sell(1), NOT_JSON)
    shop.settles(("sales", "1h"))
    with replayer(shop.writer, lambda letter: shop.sell(7, amount="50")) as run:
        run.replay(letters(shop.writer))
    shop.settles(("sales", "1h"), ("amount", "30d"))


def test_sealed_days_count_in_long_windows(shop: Shop) -> None:
    """Hours that became a day, and quarter hours of the day in which the window begins."""
    shop.store(
        *[shop.sell(product, 7 * DAY_MS - minutes * MINUTE_MS) for product in (1, 2) for minutes in (-90, 0, 90)]
    )
    shop.store(shop.sell(2, 5 * DAY_MS))
    expected = shop.expected("sales", "7d"), shop.expected("sales", "30d")
    days: dict[tuple[int, int, int], dict[str, Any]] = {}
    for document in shop.database[ROLLUPS].find():
        identity, day = document["_id"], document["_id"]["h"] // 24
        sums = days.setdefault((identity["p"], day, identity["k"]), {"sales": 0})
        sums["sales"] += document["sales"]
        for block in document["b"].values():
            for minute, of_minute in block["m"].items():
                quarter = f"q.{identity['h'] % 24 * 4 + int(minute) // 15}.sales"
                sums[quarter] = sums.get(quarter, 0) + of_minute["sales"]
    shop.database["rollup_days"].bulk_write([
        UpdateOne({"_id": {"p": p, "d": d, "k": k}}, {"$inc": sums}, upsert=True) for (p, d, k), sums in days.items()
    ])  # fmt: skip
    shop.database[ROLLUPS].delete_many({})
    assert (shop.ask("by=sales&window=7d"), shop.ask("by=sales&window=30d")) == expected


def test_the_latest_name_is_shown(shop: Shop) -> None:
    shop.store(shop.sell(1, name="before"))
    assert shop.ask("")[0]["name"] == "before"
    shop.store(shop.sell(1, name="after"))
    wait_until("the latest name", lambda: shop.ask("")[0]["name"] == "after", 5)
    assert shop.loaded == 1, "a batch made the board begin anew"


def test_a_limited_token_ranks_its_own_products(shop: Shop) -> None:
    shop.store(*[shop.sell(product, amount=str(product)) for product in range(1, 9)])
    token = shop.api.token(products=[2, 5, 100])
    assert [row["id"] for row in shop.ask("by=amount&limit=5", token)] == [5, 2]
    assert [row["id"] for row in shop.ask("by=amount&limit=1", token)] == [5]


@pytest.mark.parametrize(
    ("scope", "allowed", "refused"), [(SALES_READ, "by=sales", "by=rating"), (RATINGS_READ, "by=rating", "by=sales")]
)
def test_what_is_ranked_decides_the_scope(shop: Shop, scope: str, allowed: str, refused: str) -> None:
    shop.store(shop.sell(1))
    token = shop.api.token(scopes=[scope])
    assert shop.api.get(f"/api/product/top?{allowed}", token).status_code == 200
    assert shop.api.get(f"/api/product/top?{refused}", token).status_code == 403


def test_few_ratings_are_left_out_where_the_client_says_so(shop: Shop) -> None:
    shop.store(shop.rate(1, "5"), shop.rate(2, "4"), shop.rate(2, "4.5"), shop.rate(3, "4.25"), shop.rate(3, "4.25"))
    assert [row["id"] for row in shop.ask("by=rating")] == [1, 2, 3]
    assert shop.ask("by=rating&min_ratings=2") == shop.expected("rating", "1h", least=2)
    assert shop.ask("by=rating&min_ratings=3") == []
    refused = shop.api.get("/api/product/top?by=sales&min_ratings=2")
    assert (refused.status_code, "by=sales" in refused.text) == (400, True)


def test_the_answer_says_its_span(shop: Shop) -> None:
    shop.store(shop.sell(1))
    spans = [shop.api.get(f"/api/product/top?window={window}").headers["data-window"] for window in ("1h", "24h")]
    assert spans == ["2026-11-30T10:30:17Z/2026-11-30T11:30:17Z", "2026-11-29T11:00:00Z/2026-11-30T11:30:17Z"]


def test_a_database_without_an_event_has_an_empty_top(shop: Shop) -> None:
    assert shop.ask("") == []


def test_a_request_is_told_to_come_again_while_its_board_is_loaded(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.store(shop.sell(1))
    monkeypatch.setattr(reader, "WAIT_SECONDS", 0)
    refused = shop.api.get("/api/product/top")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assert refused.json()["type"].endswith("not-ready")
    monkeypatch.setattr(reader, "WAIT_SECONDS", READY_SECONDS)
    assert shop.ask("") == shop.expected("amount", "1h")
    assert shop.loaded == 1
