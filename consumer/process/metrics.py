"""The consumer's Prometheus metrics. docs/operations/metrics.md explains each; a test holds the two together."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from shared.metrics import SECONDS, SIZES

ACCEPTED: Final = Counter("consumer_events_accepted", "Events that were stored and counted, by kind.", ["event"])
REJECTED: Final = Counter(
    "consumer_events_rejected", "Messages that were stored as dead letters, by reason.", ["reason"]
)
BATCH_RECORDS: Final = Histogram("consumer_batch_records", "Messages in a committed batch.", buckets=SIZES)
STAGE_SECONDS: Final = Histogram(
    "consumer_stage_seconds",
    "Seconds that a batch spends in a stage: judge its messages, prepare its statements, or commit it.",
    ["stage"],
    buckets=SECONDS,
)
BATCHES_ABANDONED: Final = Counter("consumer_batches_abandoned", "Batches that were given up, to be read again.")
LAG: Final = Gauge(
    "consumer_lag",
    "Offsets up to the high watermark that are not stored yet, by partition that this process reads; -1: unknown.",
    ["partition"],
)
HELD_BACK: Final = Gauge(
    "consumer_partitions_held_back", "Partitions that this process reads and an open Kafka transaction holds back."
)
LEASED: Final = Gauge("consumer_partitions_leased", "Partitions that this process reads.")
POLLED_AT: Final = Gauge("consumer_polled_at_seconds", "When the poll loop last went round, in seconds since 1970.")
HALTED: Final = Gauge("consumer_partitions_halted", "Halted partitions, which wait for an operator's decision.")
COPIED: Final = Counter("consumer_dead_letters_copied", "Dead letters that were copied to the dead-letter topic.")
SEALED_DAYS: Final = Counter(
    "consumer_sealed_days",
    "Days that were sealed, each counted by product and partition in `rollups` and by partition in `totals`.",
    ["collection"],
)
SEALED_DOCUMENTS: Final = Counter(
    "consumer_sealed_documents", "Documents of hours and minutes that were folded into days.", ["collection"]
)
SEALING_SECONDS: Final = Counter("consumer_sealing_seconds", "Seconds of work that sealing took, without its rests.")
SEALED_AT: Final = Gauge(
    "consumer_sealed_at_seconds", "When all old days of this process's partitions were last sealed, since 1970."
)
SEALED_DAYS_WRONG: Final = Gauge(
    "consumer_unsealable_days", "Days that the last round left unsealed because a document's sums are not as written."
)
