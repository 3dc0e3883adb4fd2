"""Kafka's messages as a search sees them: within its time, and each of the generation that is asked for."""

from typing import Final

from scripts.common.fates.fate import Known, Lookups
from scripts.common.fates.places import Place, generation_at
from scripts.events.budget import Budget, TimeOver
from scripts.events.finding import Finding
from scripts.events.records import Record, Records
from shared.errors import SourceUnavailable

FIRST_GENERATION: Final = 1
READING_SHARE: Final = 0.75
"""Reading Kafka's messages may take so much of the time that is left, since afterwards MongoDB is asked what became of
each that is found. With a half, fewer messages are read; with all of it, none of them could be looked up."""


class Messages:
    """`records` is None where Kafka is not to be asked. Methods raise PyMongoError, since MongoDB knows generations."""

    def __init__(self, lookups: Lookups, records: Records | None, budget: Budget) -> None:
        self._lookups = lookups
        self._records = records
        self._budget = budget

    def beside(self, known: Known) -> Finding:
        """What MongoDB holds, with Kafka's message if it is of the same generation."""
        record = self.at(known.place)
        try:
            if isinstance(record, Record) and self.generation(record) != known.place.generation:
                return Finding(known, "Kafka holds a message of another generation there")
        except TimeOver:
            return Finding(known, "Kafka was not asked: the time was over")
        return Finding(known, record)

    def at(self, place: Place) -> Record | str:
        """The message at a place; in words, why there is none."""
        if self._records is None:
            return "Kafka was not asked (--no-kafka)"
        if not self._budget.left:
            return "Kafka was not asked: the time was over"
        return self._records.at(place, self._budget.left)

    def generation(self, record: Record | str) -> int | None:
        """The generation of a message that Kafka holds."""
        if isinstance(record, str):
            return None
        partition = self._budget.ask(lambda: self._lookups.partition(record.place.partition))
        if partition is None:
            return FIRST_GENERATION
        return generation_at(partition, record.place.offset, record.topic_id)

    def latest(self, key: bytes, most: int, rows: int) -> list[Record]:
        """The latest messages with a key; notes what was not searched."""
        if self._records is None:
            self._budget.leave_out("messages in Kafka were not searched (--no-kafka)")
            return []
        try:
            partitions = self._records.partitions(self._budget.left)
            latest = self._records.latest(key, partitions, most, rows, self._budget.left * READING_SHARE)
        except SourceUnavailable as error:
            self._budget.leave_out(str(error))
            return []
        if not latest.is_complete:
            self._budget.leave_out("Kafka's messages were not searched to the end; --seconds gives more time")
        elif latest.looked_at < latest.held:
            self._budget.leave_out(
                f"of {latest.held:,} offsets that Kafka holds the latest {latest.looked_at:,} were searched, and "
                "events are stored without their keys: --records searches more"
            )
        return latest.records
