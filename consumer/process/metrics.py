"""The consumer's Prometheus metrics."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from shared.metrics import SECONDS, SIZES

ACCEPTED: Final = Counter("consumer_events_accepted", "Events stored and counted.", ["event"])
REJECTED: Final = Counter("consumer_events_rejected", "Messages stored as dead letters, by reason.", ["reason"])
BATCH_RECORDS: Final = Histogram("consumer_batch_records", "Records in a committed batch.", buckets=SIZES)
STAGE_SECONDS: Final = Histogram(
    "consumer_stage_seconds", "Time of one batch in a stage: judge, prepare or commit.", ["stage"], buckets=SECONDS
)
BATCHES_ABANDONED: Final = Counter("consumer_batches_abandoned", "Batches given up, to be read again.")
LAG: Final = Gauge("consumer_lag", "Offsets not yet stored, by partition this process reads.", ["partition"])
LEASED: Final = Gauge("consumer_partitions_leased", "Partitions that this process reads.")
POLLED_AT: Final = Gauge("consumer_polled_at_seconds", "When the loop last went round, in seconds since 1970.")
HALTED: Final = Gauge("consumer_partitions_halted", "Partitions that wait for a person's decision.")
COPIED: Final = Counter("consumer_dead_letters_copied", "Dead letters copied to the dead-letter topic.")
