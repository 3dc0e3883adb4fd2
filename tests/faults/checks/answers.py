"""The API's answers, compared with what the published events add up to by the definitions alone."""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from scripts.publish.generated.generate import Expected, ExpectedRating, ExpectedSale
from tests.support.api.answers import exact
from tests.support.api.running import Api, api_process
from tests.support.kafka.consumer_group import ConsumerGroup, now_ms


def check(group: ConsumerGroup, known: Iterable[tuple[Expected, int]], folder: Path) -> None:
    """Ask a real API for all sales and for each product's sales and rating, and assert each answer.

    `known` has what is expected of each message, and its timestamp in Kafka (UTC milliseconds).
    """
    events = [(event, _time(event, recorded)) for event, recorded in known if not isinstance(event, str)]
    environment = {"KAFKA_TOPIC": group.topic, "GROUP_ID": group.topic}
    with api_process(group.mongo, group.database, folder, **environment) as (api, _):
        _check_sales(api, "/api/product/sale", events)
        for product in sorted({event.product for event, _ in events}):
            own = [(event, time) for event, time in events if event.product == product]
            _check_sales(api, f"/api/product/sale/{product}", own)
            assert exact(api.get(f"/api/product/rating/{product}")) == {"average_rating": _average(own)}, product
        _check_top(api, events)


def _check_sales(api: Api, path: str, events: list[tuple[ExpectedSale | ExpectedRating, int]]) -> None:
    """Assert one total. The clock runs on while the API answers, so any second that passed may be the answer's."""
    began = now_ms() // 1000
    answer = exact(api.get(path))
    possible = {second: _sales(events, second) for second in range(began, now_ms() // 1000 + 1)}
    assert answer["total"] in possible.values(), f"{path}: {answer['total']} is none of {possible}"


def _check_top(api: Api, events: list[tuple[ExpectedSale | ExpectedRating, int]]) -> None:
    """Assert the first ten products by amount, for any second that passed while the API answered."""
    products, began = {event.product for event, _ in events}, now_ms() // 1000
    answer = exact(api.get("/api/product/top?limit=10"))
    possible = []
    for second in range(began, now_ms() // 1000 + 1):
        of_each = {one: _sales((each for each in events if each[0].product == one), second) for one in products}
        ranked = sorted((-amount, one) for one, amount in of_each.items() if amount)[:10]
        possible.append([(one, -amount) for amount, one in ranked])
    assert [(row["id"], row["value"]) for row in answer] in possible, f"{answer} is none of {possible}"


def _time(event: ExpectedSale | ExpectedRating, recorded_ms: int) -> int:
    """When the event happened: its own time, or else Kafka's (UTC milliseconds)."""
    return recorded_ms if event.at_ms is None else event.at_ms


def _sales(events: Iterable[tuple[ExpectedSale | ExpectedRating, int]], now_second: int) -> Decimal:
    """The sum of the amounts of the last hour: an event of second s counts while now <= s + 3600."""
    counted = (
        event.amount for event, time in events if isinstance(event, ExpectedSale) and now_second <= time // 1000 + 3600
    )
    return Decimal(sum(counted)) / 10**6


def _average(events: Iterable[tuple[ExpectedSale | ExpectedRating, int]]) -> Decimal | None:
    """The mean of all ratings, half-even to two decimals; None without ratings."""
    ratings = list(_ratings(events))
    if not ratings:
        return None
    return (Decimal(sum(ratings)) / len(ratings) / 100).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def _ratings(events: Iterable[tuple[ExpectedSale | ExpectedRating, int]]) -> Iterator[int]:
    return (event.rating for event, _ in events if isinstance(event, ExpectedRating))
