"""Generates a deterministic stream of events, valid and invalid, each with what a correct consumer makes of it.

Pure: the same arguments give the same messages, byte for byte. What is expected of a message is noted where the message
is made, and never computed by the consumer's code. So sums of it are an independent check of the consumer.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

from scripts.publish.generated.invalid_messages import INVALID, REASONS

SOLD_SHARE = 0.7
"""Seven of ten valid events are sales, so that sales and ratings are both frequent. Another value would change every
stream that tests and benchmarks generate, and with it every number that was measured."""
SECOND_MS = 1_000


class ExpectedSale(NamedTuple):
    """A sale that the consumer accepts. `amount` is in millionths: 2500 stands for 0.0025.

    `at_ms` is the event's time in UTC milliseconds; None means that the Kafka record's timestamp is its time.
    """

    product: int
    units: int
    amount: int
    at_ms: int | None


class ExpectedRating(NamedTuple):
    """A rating that the consumer accepts. `rating` is in hundredths: 450 stands for 4.5. `at_ms` as in ExpectedSale."""

    product: int
    rating: int
    category: str
    at_ms: int | None


Expected = ExpectedSale | ExpectedRating | str
"""The numbers of an accepted event, or the code of the reason for which the message is rejected."""


class GeneratedMessage(NamedTuple):
    """One Kafka message and what is expected of it. A value of None is a tombstone."""

    key: bytes | None
    value: bytes | None
    expected: Expected


# Producers write an event in different ways, and the stream has all of them: either or both names of the field that
# holds the event's name, numbers or numeric strings, the fields in another order, and further fields.
_NAME_KEYS = (b'"event_name":"%b"', b'"event":"%b"', b'"event":"%b","event_name":"%b"')
_FURTHER_FIELDS = (
    *(b"",) * 9,
    b',"currency":"EUR"',
    ',"warehouse":{"id":7,"tags":["Köln","東京","\\ud83d\\ude9a"]},"express":true'.encode(),
    b',"_id":5,"weight":0.10000000000000000001,"note":null',
)
# The last %b of a body is the event's time, with its comma, or nothing.
_SOLD_BODIES = (
    b'"name_of_product":"Product %d","product_id":%d,"no_of_units":%d,"amount":%b%b',
    b'"name_of_product":"Product %d","product_id":"%d","no_of_units":"%d","amount":"%b"%b',
    b'"name_of_product":"Product %d","product_id":%d,"no_of_units":%d,"amount":"%b"%b',
)
_RATED_BODIES = (
    b'"name_of_product":"Product %d","product_id":%d,"rating":%b,"category":"%b"%b',
    b'"name_of_product":"Product %d","product_id":"%d","rating":"%b","category":"%b"%b',
)
_CATEGORIES = ("Software", "Books", "Garden", "Möbel", "玩具")

# How a number is written: its format, into how many steps a whole is divided, and how many of the contract's smallest
# parts (millionths of an amount, hundredths of a rating) one step is. For example, 12345 steps of the second form of an
# amount are written "123.45", and are 12345 * 10**4 = 123,450,000 millionths; 42 steps of the last form are written
# "42e2", and are 42 * 10**8 = 4,200,000,000 millionths.
_AMOUNT_FORMS = ((b"%d", 1, 10**6), (b"%d.%02d", 10**2, 10**4), (b"%d.%06d", 10**6, 1), (b"%de2", 1, 10**8))
_RATING_FORMS = ((b"%d", 1, 100), (b"%d.%01d", 10, 10), (b"%d.%02d", 100, 1))


def _templates(event: bytes, bodies: tuple[bytes, ...]) -> list[bytes]:
    """Every way to write one event; the product and the numbers are filled in for each message."""
    names = [key % ((event,) * key.count(b"%b")) for key in _NAME_KEYS]
    orders = [b"{" + name + b"," + body + b"}" for name in names for body in bodies]
    orders += [b"{" + body + b"," + name + b"}" for name in names for body in bodies]
    return [order[:-1] + further + b"}" for order in orders for further in _FURTHER_FIELDS]


_SALES = _templates(b"productSold", _SOLD_BODIES)
_RATINGS = _templates(b"productRated", _RATED_BODIES)


def generate(
    count: int,
    products: int = 1000,
    seed: int = 0,
    invalid: float = 0.0,
    *,
    keyed: bool = True,
    spread_seconds: int = 0,
    now_ms: int = 0,
) -> Iterator[GeneratedMessage]:
    """`count` messages about the products 1 to `products`.

    `invalid` is the share of messages that a consumer must reject, 0 to 1. They take the reasons in turn, so any twenty
    of them in a row hold each of the twenty reasons once. With `spread_seconds`, each event has an `occurred_at` within
    that many seconds before `now_ms` (UTC milliseconds). With 0, events have none, and happen when Kafka records them.
    `keyed` makes the product id the message's key.
    """
    random = Random(seed).random
    at_ms, clock, rejected = None, b"", 0
    for _ in range(count):
        product = 1 + int(random() * products)
        key = b"%d" % product if keyed else None
        if random() < invalid:
            variants = INVALID[REASONS[rejected % len(REASONS)]]
            make = variants[rejected // len(REASONS) % len(variants)]
            yield GeneratedMessage(key, make(product), REASONS[rejected % len(REASONS)])
            rejected += 1
            continue
        if spread_seconds:
            at_ms = now_ms - int(random() * spread_seconds * SECOND_MS)
            clock = b',"occurred_at":"%b"' % _rfc3339(at_ms)
        if random() < SOLD_SHARE:
            yield _sold(key, product, random(), random(), at_ms, clock)
        else:
            yield _rated(key, product, random(), random(), at_ms, clock)


def _sold(
    key: bytes | None, product: int, shape: float, size: float, at_ms: int | None, clock: bytes
) -> GeneratedMessage:
    """A sale. `shape` and `size`, both in [0, 1), choose how it is written and how large its numbers are."""
    units = 1 + int(size * 50)
    form, steps, part = _AMOUNT_FORMS[int(shape * 1000) % len(_AMOUNT_FORMS)]
    amount = int(size * 10_000 * steps)
    numbers = divmod(amount, steps) if steps > 1 else amount
    value = _SALES[int(shape * len(_SALES))] % (product, product, units, form % numbers, clock)
    return GeneratedMessage(key, value, ExpectedSale(product, units, amount * part, at_ms))


def _rated(
    key: bytes | None, product: int, shape: float, size: float, at_ms: int | None, clock: bytes
) -> GeneratedMessage:
    """A rating. `shape` and `size`, both in [0, 1), choose how it is written and what it says."""
    category = _CATEGORIES[int(size * 1000) % len(_CATEGORIES)]
    form, steps, part = _RATING_FORMS[int(shape * 1000) % len(_RATING_FORMS)]
    rating = int(size * (5 * steps + 1))
    numbers = divmod(rating, steps) if steps > 1 else rating
    value = _RATINGS[int(shape * len(_RATINGS))] % (product, product, form % numbers, category.encode(), clock)
    return GeneratedMessage(key, value, ExpectedRating(product, rating * part, category, at_ms))


def _rfc3339(time_ms: int) -> bytes:
    return datetime.fromtimestamp(time_ms / SECOND_MS, UTC).isoformat(timespec="milliseconds").encode()
