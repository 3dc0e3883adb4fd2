"""An accepted event, as the parts of the consumer hand it on.

Structs, because one is made and read in half of a named tuple's time.
"""

from typing import Any, TypeAlias, final

import msgspec

Extra: TypeAlias = dict[str, Any] | None


@final
class Sold(msgspec.Struct, frozen=True, gc=False):
    """A valid `productSold`: `amount` in millionths, `time_ms` in UTC milliseconds, `extra` as BSON can store it."""

    product: int
    time_ms: int
    name: str
    units: int
    amount: int
    extra: Extra


@final
class Rated(msgspec.Struct, frozen=True, gc=False):
    """A valid `productRated`: `rating` in hundredths; the rest as in `Sold`."""

    product: int
    time_ms: int
    name: str
    rating: int
    category: str
    extra: Extra


Event: TypeAlias = Sold | Rated
