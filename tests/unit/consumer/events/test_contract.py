"""The contract's vectors: every rule of the wire format and every reason of a rejection.

`events.jsonl` is the contract's own file. `more_events.jsonl` has the same form, and goes further into what unknown
fields, ids and numbers may hold.
"""

import base64
import json
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import pytest
from bson.decimal128 import Decimal128

from consumer.events.decode import decode
from consumer.events.event import Sold
from consumer.events.rejection import Rejection
from consumer.events.time_limits import TimeLimits
from shared.documents import AMOUNT_DECIMALS, RATING_DECIMALS

NOW_MS = 1_780_272_000_000  # 2026-06-01T00:00:00Z
LIMITS = TimeLimits.at(NOW_MS, retention_days=400)
CONTRACTS = Path(__file__).parents[3] / "contracts"
VECTORS = [
    json.loads(line)
    for name in ("events.jsonl", "more_events.jsonl")
    for line in (CONTRACTS / name).read_text().splitlines()
]


def value_of(vector: dict[str, Any]) -> bytes | None:
    if "value_base64" in vector:
        return base64.b64decode(vector["value_base64"])
    text: str | None = vector["value"]
    return None if text is None else text.encode()


def comparable(value: object) -> object:
    """Decimals as text, as the vectors write them; numbers compare as numbers."""
    if isinstance(value, Decimal128):
        return value.to_decimal()
    if isinstance(value, dict):
        return {key: comparable(inner) for key, inner in value.items()}
    return [comparable(inner) for inner in value] if isinstance(value, list) else value


def as_vectors_write(extra: object, like: object) -> object:
    """`like` with the texts that stand for decimals read as decimals, where `extra` holds a decimal."""
    if isinstance(extra, Decimal):
        return Decimal(str(like))
    if isinstance(extra, dict) and isinstance(like, dict):
        return {key: as_vectors_write(extra.get(key), inner) for key, inner in like.items()}
    if isinstance(extra, list) and isinstance(like, list):
        return [as_vectors_write(mine, theirs) for mine, theirs in zip(extra, like, strict=True)]
    return like


def digits(text: str | None) -> object:
    """JSON with each number as a tuple that holds its text, so that 1.0 is neither 1.00 nor "1.0"."""
    return None if text is None else json.loads(text, parse_int=lambda number: (number,), parse_float=lambda n: (n,))


def refuse(_value: bytes) -> NoReturn:
    raise msgspec.DecodeError


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vector(vector: dict[str, Any]) -> None:
    judge_as_expected(vector)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vector_by_the_slow_path_alone(vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consumer.events.decode._from_json", refuse)
    judge_as_expected(vector)


def judge_as_expected(vector: dict[str, Any]) -> None:
    decoded = decode(value_of(vector), NOW_MS, LIMITS)
    if "rejected" in vector["expect"]:
        assert isinstance(decoded, Rejection), decoded
        assert decoded.reason == vector["expect"]["rejected"]
        return
    expected = vector["expect"]["accepted"]
    assert not isinstance(decoded, Rejection), decoded
    assert decoded.product == expected["product_id"]
    if isinstance(decoded, Sold):
        assert expected["event"] == "productSold"
        assert decoded.units == expected["no_of_units"]
        assert Decimal(decoded.amount).scaleb(-AMOUNT_DECIMALS) == Decimal(expected["amount"])
    else:
        assert expected["event"] == "productRated"
        assert Decimal(decoded.rating).scaleb(-RATING_DECIMALS) == Decimal(expected["rating"])
        assert decoded.category == expected["category"]
    assert decoded.time_ms == expected.get("occurred_at_ms", NOW_MS)
    extra = comparable(decoded.unknown_fields)
    assert extra == as_vectors_write(extra, expected.get("extra"))
    assert digits(decoded.unknown_json) == digits(expected.get("extra_json"))
    assert (decoded.identity and decoded.identity.event_id) == expected.get("event_id")


def test_the_vectors_are_all_here() -> None:
    assert len(VECTORS) == 156 + 115
