"""Aggregates that MongoDB may not hold yet, as documents to insert then, else as upserts. Pure.

Inserting costs MongoDB a third of an upsert, and comes to the same.
"""

from typing import NamedTuple

from consumer.bson_parts import embedded, integer
from consumer.fold import ProductFold
from consumer.updates import Hour, first_seen, increments, newest, product_update, ratings, rollup_update
from shared.documents import Id, product_id, rollup_id


class NewRollup(NamedTuple):
    """A product's hour."""

    product: int
    partition: int
    hour: Hour

    @property
    def identity(self) -> Id:
        """Its `_id`."""
        return rollup_id(self.product, self.hour.hour, self.partition)

    def update(self) -> bytes:
        """The upsert that adds to it."""
        return rollup_update(self.product, self.partition, self.hour)

    def document(self) -> bytes:
        """The document that begins it."""
        product, partition, (at, whole, blocks) = self
        identity = integer(b"p", product) + integer(b"h", at) + integer(b"k", partition)
        sums_of_hour = increments(b"", whole)
        fields = b""
        for block, total, in_block in blocks:
            # One event makes an hour, a block and a minute of the same sums.
            sums_of_block = sums_of_hour if total is whole else increments(b"", total)
            minutes = b"".join([
                b"\x03%d\0" % (minute % 60) + embedded(sums_of_block if sums is total else increments(b"", sums))
                for minute, sums in in_block
            ])  # fmt: skip
            fields += b"\x03%d\0" % (block % 6) + embedded(sums_of_block + b"\x03m\0" + embedded(minutes))
        return embedded(b"\x03_id\0" + embedded(identity) + sums_of_hour + b"\x03b\0" + embedded(fields))


class NewProduct(NamedTuple):
    """A product."""

    product: int
    partition: int
    folded: ProductFold

    @property
    def identity(self) -> Id:
        """Its `_id`."""
        return product_id(self.product, self.partition)

    def update(self) -> bytes:
        """The upsert that adds to it."""
        return product_update(self.product, self.partition, self.folded, self.folded.latest)

    def document(self) -> bytes:
        """The document that begins it."""
        identity = integer(b"p", self.product) + integer(b"k", self.partition)
        fields = newest(self.folded, self.folded.latest) + first_seen(self.folded)
        if self.folded.histogram is not None:
            bins = (integer(b"%d" % bin_, count) for bin_, count in enumerate(self.folded.histogram) if count)
            fields += ratings(self.folded) + b"\x03histogram\0" + embedded(b"".join(bins))
        return embedded(b"\x03_id\0" + embedded(identity) + fields)
