"""An accepted event, as the parts of the consumer hand it on.

Both kinds are msgspec structs, because a struct is made and read in half of a named tuple's time. `gc=False` keeps them
out of Python's cycle collector: they hold no reference that could lead back to them.
"""

from typing import Any, NamedTuple, TypeAlias, final

import msgspec

UnknownFields: TypeAlias = dict[str, Any] | None
"""The fields of a message that the contract does not name, as BSON can store them; None where there are none."""


class Identity(NamedTuple):
    """What tells whether an event was published before."""

    event_id: str
    """The id that the producer gave the event."""
    fingerprint: bytes
    """16 bytes that follow from the event's content: see `consumer.events.identity`."""


@final
class Sold(msgspec.Struct, frozen=True, gc=False):
    """A valid `productSold`."""

    product: int
    time_ms: int
    """When it happened, in UTC milliseconds: the event's `occurred_at`, else Kafka's timestamp of the record."""
    name: str
    units: int
    amount: int
    """Millionths of the event's currency unit: 12.50 is 12_500_000."""
    unknown_fields: UnknownFields
    unknown_json: str | None = None
    """The unknown fields as the text of a JSON object, where BSON cannot hold all of them; `unknown_fields` is None."""
    identity: Identity | None = None
    """None where neither the event nor a header of its message gives an id."""


@final
class Rated(msgspec.Struct, frozen=True, gc=False):
    """A valid `productRated`."""

    product: int
    time_ms: int
    """As in `Sold`."""
    name: str
    rating: int
    """Hundredths of a point: 4.5 is 450."""
    category: str
    unknown_fields: UnknownFields
    unknown_json: str | None = None
    """As in `Sold`."""
    identity: Identity | None = None
    """As in `Sold`."""


Event: TypeAlias = Sold | Rated
