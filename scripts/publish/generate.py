"""A deterministic stream of events, valid and invalid, together with what a correct consumer makes of each.

Pure: the same arguments give the same messages, byte for byte. What is expected of a message is written down here
where the message is made, and never computed by the consumer's own code, so sums of it are an independent check.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

from scripts.publish.invalid_messages import INVALID, REASONS

SOLD_SHARE = 0.7
SECOND_MS = 1_000


class ExpectedSale(NamedTuple):
    """An accepted sale: `amount` in millionths, `at_ms` UTC milliseconds or None: the Kafka record's timestamp."""

    product: int
    units: int
    amount: int
    at_ms: int | None


class ExpectedRating(NamedTuple):
    """An accepted rating: `rating` in hundredths, `at_ms` as in ExpectedSale."""

    product: int
    rating: int
    category: str
    at_ms: int | None


Expected = ExpectedSale | ExpectedRating | str
"""The numbers of an accepted event, or the reason code of a rejection."""


class GeneratedMessage(NamedTuple):
    """One Kafka message and what is expected of it. A value of None is a tombstone."""

    key: bytes | None
    value: bytes | None
    expected: Expected


# Both names of the event's field, numbers and numeric strings, fields in another order, and what else producers add.
_NAME_KEYS = (b'"event_name":"%b"', b'"event":"%b"', b'"event":"%b","event_name":"%b"')
_EXTRAS = (
    *(b"",) * 9,
    b',"currency":"EUR"',
    ',"warehouse":{"id":7,"tags":["Köln","東京","\\ud83d\\ude9a"]},"express":true'.encode(),
    b',"_id":5,"weight":0.10000000000000000001,"note":null',
)
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

# Text of a number of `units` and how many of the contract's smallest parts (millionths, hundredths) one unit is.
_AMOUNT_FORMS = ((b"%d", 1, 10**6), (b"%d.%02d", 10**2, 10**4), (b"%d.%06d", 10**6, 1), (b"%de2", 1, 10**8))
_RATING_FORMS = ((b"%d", 1, 100), (b"%d.%01d", 10, 10), (b"%d.%02d", 100, 1))


def _templates(event: bytes, bodies: tuple[bytes, ...]) -> list[bytes]:
    """Every way to write one event, extras and all; the numbers are filled in for each message."""
    names = [key % ((event,) * key.count(b"%b")) for key in _NAME_KEYS]
    orders = [b"{" + name + b"," + body + b"}" for name in names for body in bodies]
    orders += [b"{" + body + b"," + name + b"}" for name in names for body in bodies]
    return [_with_extra(order, extra) for order in orders for extra in _EXTRAS]


def _with_extra(template: bytes, extra: bytes) -> bytes:
    return template[:-1] + extra + b"}"


_SOLD = _templates(b"productSold", _SOLD_BODIES)
_RATED = _templates(b"productRated", _RATED_BODIES)


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
    """`count` messages about the products 1 … `products`.

    `invalid` is the fraction of messages that a consumer must reject; they walk through every reason in turn, so
    twenty of them hold each reason once. `spread_seconds` gives events an `occurred_at` within that many seconds
    before `now_ms`; with 0 they have none and happen when Kafka says. `keyed` sets the product id as the key.
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
    units = 1 + int(size * 50)
    form, fraction, part = _AMOUNT_FORMS[int(shape * 1000) % len(_AMOUNT_FORMS)]
    amount = int(size * 10_000 * fraction)
    numbers = divmod(amount, fraction) if fraction > 1 else amount
    value = _SOLD[int(shape * len(_SOLD))] % (product, product, units, form % numbers, clock)
    return GeneratedMessage(key, value, ExpectedSale(product, units, amount * part, at_ms))


def _rated(
    key: bytes | None, product: int, shape: float, size: float, at_ms: int | None, clock: bytes
) -> GeneratedMessage:
    category = _CATEGORIES[int(size * 1000) % len(_CATEGORIES)]
    form, fraction, part = _RATING_FORMS[int(shape * 1000) % len(_RATING_FORMS)]
    rating = int(size * (5 * fraction + 1))
    numbers = divmod(rating, fraction) if fraction > 1 else rating
    value = _RATED[int(shape * len(_RATED))] % (product, product, form % numbers, category.encode(), clock)
    return GeneratedMessage(key, value, ExpectedRating(product, rating * part, category, at_ms))


def _rfc3339(time_ms: int) -> bytes:
    return datetime.fromtimestamp(time_ms / SECOND_MS, UTC).isoformat(timespec="milliseconds").encode()
