"""A stored document of `products` against what the raw events say of that product. Pure, but for the report."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from scripts.audit.findings import Findings, Kind
from scripts.audit.products.product_sums import ProductInPartition, ProductSums
from scripts.audit.reading import packed_sums
from scripts.audit.reading.packed_sums import RATINGS_SHIFT, NotASum
from scripts.audit.reading.shapes import is_integer
from shared.documents import PRODUCTS, Document

_FIELDS: Final = {"_id", "ratings", "rating_sum", "histogram", "latest", "latest_rated", "first_seen"}
"""The fields that this program writes; the audit reports any other field."""


class WrongField(NamedTuple):
    """A field in which a stored document is wrong: its path, what the raw events give, what the document holds.

    The path is empty where the document itself is missing, or should be.
    """

    path: str
    expected: str
    found: str


def wrong_fields(expected: ProductSums | None, document: Document | None, whole: bool) -> Iterator[WrongField]:
    """The fields in which a stored document is wrong.

    `expected` is None where there are no events, `document` is None where it is missing. `whole` says that `expected`
    comes of all events that there ever were. Otherwise older days were not read, and `expected` is a lower bound: the
    document may hold more.
    """
    wanted: dict[str, Any] = {} if expected is None else dict(expected.by_path)
    found: dict[str, Any] = {} if document is None else _stored_by_path(document)
    for path in sorted({*wanted, *found}):
        want, have = wanted.get(path, 0), found.get(path, 0)
        if have is None or have < want or (whole and have != want):
            yield WrongField(path, str(want), "no sum of ratings" if have is None else str(have))
    if expected is None or document is None:
        if expected is not None:
            yield WrongField("", "a document", "none")
        elif document is not None and whole:
            yield WrongField("", "no document", "one")
        return
    yield from _wrong_times(expected, document, whole)


def _stored_by_path(document: Document) -> dict[str, int | None]:
    """The sums of a stored document by path, as `ProductSums.by_path` has them.

    None stands for a value that no sum of ratings can be, and for a field that this program never writes.
    """
    fields: dict[str, int | None] = dict.fromkeys(document.keys() - _FIELDS)
    histogram = document.get("histogram", {})
    if isinstance(histogram, dict):
        fields |= {f"histogram.{bin_}": count if is_integer(count) else None for bin_, count in histogram.items()}
    else:
        fields["histogram"] = None
    for name, shift in (("ratings", RATINGS_SHIFT), ("rating_sum", 0)):
        try:
            packed = packed_sums.of_document({name: document[name]} if name in document else {})
            fields[name] = packed >> shift
        except NotASum:
            fields[name] = None
    return {name: value for name, value in fields.items() if value != 0}


def _wrong_times(expected: ProductSums, document: Document, whole: bool) -> Iterator[WrongField]:
    """The fields that say when the product was first seen, last seen and last rated, as far as they are wrong."""
    first = document.get("first_seen")
    if not is_integer(first) or first > expected.first_seen_ms or (whole and first < expected.first_seen_ms):
        yield WrongField("first_seen", str(expected.first_seen_ms), str(first))
    # The audit reads the last days of all, so the newest event in them is the newest event that there is. The consumer
    # writes `latest` for a sale only when the product is new to it or its name changed, so `latest` may be older.
    latest, newest = _time_and_offset(document.get("latest"), "ton", "tonk"), expected.newest[:2]
    if latest is None or latest > newest:
        yield WrongField("latest", f"{newest} or before", str(document.get("latest")))
    rated = document.get("latest_rated")
    if expected.latest_rated is not None:
        if _time_and_offset(rated, "tonc") != expected.latest_rated[:2]:
            yield WrongField("latest_rated", str(expected.latest_rated[:2]), str(rated))
    elif rated is not None and whole:
        yield WrongField("latest_rated", "None", str(rated))


def _time_and_offset(latest: object, *initials: str) -> tuple[int, int] | None:
    """Time and offset that `latest` or `latest_rated` holds; None where the field is missing or malformed.

    `initials` are the first letters of the fields that it may have, in their order: `ton` is `t`, `o` and `name`,
    `tonc` has `category` behind them, and `tonk` has `key`, which a consumer of an older version leaves out.
    """
    if not isinstance(latest, dict) or "".join(name[0] for name in latest if name) not in initials:
        return None
    texts = [latest[name] for name in ("name", "category", "key") if name in latest]
    if not all(isinstance(text, str) for text in texts) or len(texts) != len(latest) - 2:
        return None
    time_ms, offset = latest.get("t"), latest.get("o")
    return (time_ms, offset) if is_integer(time_ms) and is_integer(offset) else None


def report(key: ProductInPartition, wrong: WrongField, findings: Findings) -> None:
    """Add the finding for one wrong field."""
    path, expected, found = wrong
    product, partition = key
    findings.add(
        Kind.SUM_DIFFERS,
        f"{PRODUCTS} of product {product}, partition {partition}, {path or 'the document itself'}: "
        f"MongoDB holds {found}, the raw events give {expected}",
        collection=PRODUCTS,
        level="histogram" if path.startswith("histogram") else "product",
        partition=partition,
        product=product,
        path=path,
        expected=expected,
        found=found,
    )
