"""Makes messages that a consumer must reject: for each reason of the contract, every way to be rejected for it.

Each maker takes a product id and returns the value of one Kafka message (None is a tombstone). A message breaks only
the rule that its reason names, so that no other rule can reject it. Its time is so far away that it is wrong on any
day.
"""

from collections.abc import Callable, Mapping

Maker = Callable[[int], bytes | None]
"""Product id -> value of a message."""

MAX_MESSAGE_BYTES = 64 * 1024
MAX_DEPTH = 64
"""The contract's limits, written down again rather than imported: a change in the consumer's code alone shows as a
message that is no longer rejected, or for another reason."""


def _sold(changes: str = "", *, without: str = "") -> Maker:
    return _event("productSold", {"no_of_units": "10", "amount": '"2500"'}, changes, without)


def _rated(changes: str = "", *, without: str = "") -> Maker:
    return _event("productRated", {"rating": "4.5", "category": '"Software"'}, changes, without)


def _event(event: str, numbers: Mapping[str, str], changes: str, without: str) -> Maker:
    """Makes an event as text. `changes` come last, where a repeated key wins; the field `without` is left out."""
    fields = {"event_name": f'"{event}"', "name_of_product": '"Product %(product)d"', "product_id": "%(product)d"}
    fields |= numbers
    fields.pop(without, None)
    members = [f'"{name}": {value}' for name, value in fields.items()]
    head = "{" + ", ".join(members)

    def make(product: int) -> bytes:
        return (head % {"product": product} + (f", {changes}" if changes else "") + "}").encode()

    return make


def _text(text: str, encoding: str = "utf-8") -> Maker:
    return lambda product: text.encode(encoding)


def _padded(size: int) -> Maker:
    """Makes a valid sale of exactly `size` bytes."""
    unpadded = _sold('"pad": ""')

    def make(product: int) -> bytes:
        value = unpadded(product) or b""
        return value[:-2] + b"x" * (size - len(value)) + value[-2:]

    return make


def _encoded(source: Maker, encoding: str) -> Maker:
    return lambda product: (source(product) or b"").decode().encode(encoding)


def _twice(source: Maker) -> Maker:
    return lambda product: (source(product) or b"") * 2


def _cut(source: Maker) -> Maker:
    return lambda product: (source(product) or b"")[:-4]


def _nested(depth: int) -> str:
    return "[" * depth + "1" + "]" * depth


_OTHER_EVENT = '"event": "%s"'

# A maker for each way to be rejected for a reason, by the reason's code.
INVALID: Mapping[str, tuple[Maker, ...]] = {
    "empty": (lambda product: None, lambda product: b""),
    "too_large": (_padded(MAX_MESSAGE_BYTES + 1), _padded(3 * MAX_MESSAGE_BYTES)),
    "too_deep": (_sold(f'"extra": {_nested(MAX_DEPTH)}'), _text("[" * 2000), _text(_nested(2000))),
    "not_json": (
        _text("hello"),
        _text("  \n"),
        _cut(_sold()),
        _twice(_sold()),
        _sold('"amount": NaN'),
        _sold('"extra": -Infinity'),
        _encoded(_sold(), "utf-8-sig"),
        _encoded(_sold(), "utf-16"),
        _encoded(_sold('"name_of_product": "café"'), "latin-1"),
    ),
    "not_object": (_text("[]"), _text("1"), _text("null"), _text('"x"')),
    "unstorable_text": (_sold(r'"name_of_product": "\ud800"'), _rated(r'"category": "\udfff!"')),
    "missing_field": (
        *(_sold(without=name) for name in ("event_name", "name_of_product", "product_id", "no_of_units", "amount")),
        *(_rated(without=name) for name in ("event_name", "name_of_product", "product_id", "rating", "category")),
    ),
    "conflicting_event_names": (_sold(_OTHER_EVENT % "productRated"), _rated(_OTHER_EVENT % "productSold")),
    "unknown_event": tuple(_sold(f'"event_name": {name}') for name in ('"productReturned"', '"ProductSold"', "7")),
    "bad_name": tuple(_sold(f'"name_of_product": {name}') for name in ('""', "7", '"' + "x" * 257 + '"')),
    "bad_product_id": tuple(
        _sold(f'"product_id": {value}')
        for value in ("-1", str(2**63), "3.0", "true", '"+3"', '"03"', '"\\u0663"', '{"$ne": 1}', "9" * 400)
    ),
    "bad_units": tuple(_sold(f'"no_of_units": {value}') for value in ("-1", "1.5", str(2**31), "true", '" 10 "')),
    "bad_amount": tuple(
        _sold(f'"amount": {value}')
        for value in ('"-1"', '"NaN"', '""', '"2,500"', "null", "[1]", '"1e999999"', str(10**18), "0.0000001")
    ),
    "bad_rating": tuple(_rated(f'"rating": {value}') for value in ("5.01", "-0.5", '"good"', '"4.255"', "null")),
    "bad_category": tuple(_rated(f'"category": {value}') for value in ('""', "1", '"' + "c" * 129 + '"')),
    "bad_occurred_at": tuple(
        _sold(f'"occurred_at": {value}')
        for value in ('"2026-01-01T00:00:00"', "1767225600", '"2026-02-30T00:00:00Z"', '""')
    ),
    "bad_event_id": tuple(
        _sold(f'"event_id": {value}') for value in ('""', '"' + "i" * 129 + '"', "-1", str(2**63), "1.5", "true", "{}")
    ),
    "from_the_future": (
        _sold('"occurred_at": "2999-01-01T00:00:00Z"'),
        _rated('"occurred_at": "2999-01-01T00:00:00Z"'),
    ),
    "too_old": (_sold('"occurred_at": "1970-01-01T00:00:00Z"'), _rated('"occurred_at": "1970-01-01T00:00:00Z"')),
}

REASONS = tuple(INVALID)
"""The codes of the reasons, in the order in which `generate` takes them in turn."""
