"""An accepted event, as the parts of the consumer hand it on."""

from typing import Any, NamedTuple, TypeAlias

Extra: TypeAlias = dict[str, Any] | None


class Sold(NamedTuple):
    """A valid `productSold`: `amount` in millionths, `time_ms` in UTC milliseconds, `extra` as BSON can store it."""

    product: int
    time_ms: int
    name: str
    units: int
    amount: int
    extra: Extra


class Rated(NamedTuple):
    """A valid `productRated`: `rating` in hundredths; the rest as in `Sold`."""

    product: int
    time_ms: int
    name: str
    rating: int
    category: str
    extra: Extra


Event: TypeAlias = Sold | Rated
