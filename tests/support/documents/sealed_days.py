"""Seals days of a test's database: a simple second way to the documents that `shared.documents` describes.

It folds one document at a time, in Decimals, and shares no code with the consumer's sealing.
"""

from collections import defaultdict
from collections.abc import Collection
from decimal import Context, Decimal
from typing import Any

from bson.decimal128 import Decimal128
from pymongo.client_session import ClientSession

from tests.support.documents.given_events import Documents

_EXACT = Context(prec=60)


def seal(
    database: Documents, day: int, session: ClientSession | None = None, partitions: Collection[int] | None = None
) -> None:
    """Fold a day (since 1970, UTC) of `rollups` and `totals` into `rollup_days` and `total_days`, and delete it there.

    Sums that are sealed already are added to. Give a session in a transaction to do it in one step, and `partitions` to
    leave the others as they are.
    """
    hours = range(day * 24, day * 24 + 24)
    mine: dict[str, Any] = {} if partitions is None else {"_id.k": {"$in": list(partitions)}}
    for source, target in (("rollups", "rollup_days"), ("totals", "total_days")):
        for document in list(database[source].find({"_id.h": {"$in": list(hours)}, **mine}, session=session)):
            identity = document["_id"]
            sealed_id = {name: identity[name] for name in ("p",) if name in identity} | {"d": day, "k": identity["k"]}
            _fold(database, target, sealed_id, document, session)
            database[source].delete_one({"_id": identity}, session=session)
    minutes = {"_id.m": {"$gte": day * 1440, "$lt": (day + 1) * 1440}, **mine}
    database["totals"].delete_many(minutes, session=session)


def _fold(
    database: Documents,
    target: str,
    identity: dict[str, int],
    hour: dict[str, Any],
    session: ClientSession | None,
) -> None:
    """Add an hour's document to the sealed day `identity` of `target`."""
    sealed = database[target].find_one({"_id": identity}, session=session) or {"_id": identity, "q": {}}
    quarters: dict[str, Any] = defaultdict(dict, sealed["q"])
    _add(sealed, hour)
    for block in hour.get("b", {}).values():
        for minute, sums in block["m"].items():
            quarter = str(hour["_id"]["h"] % 24 * 4 + int(minute) // 15)
            _add(quarters[quarter], sums)
    sealed["q"] = dict(quarters)
    database[target].replace_one({"_id": identity}, sealed, upsert=True, session=session)


def _add(sums: dict[str, Any], more: dict[str, Any]) -> None:
    for name in ("amount", "units", "sales", "ratings", "rating_sum", *(f"r{bin_}" for bin_ in range(10))):
        if name in more:
            added = _number(more[name])
            total = _EXACT.add(Decimal(_number(sums.get(name, 0))), Decimal(added))
            sums[name] = Decimal128(total) if isinstance(more[name], Decimal128) else int(total)


def _number(value: Any) -> Decimal | int:
    return value.to_decimal() if isinstance(value, Decimal128) else value
