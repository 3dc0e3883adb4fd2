"""Checks that for every Kafka offset which consumers have passed an event or a dead letter is stored, exactly once.

In: `partitions` and `rejected_events`, the events that the day check reads, and what Kafka still holds. Out: findings.
The day check and the files above it may call this package; it calls `reading` and `findings`, and it alone imports from
the consumer: `check` judges a message by the contract, `kafka` asks the brokers.

ranges                    offsets that a document of `partitions` says are stored
seen                      which offsets the audit has met, in bounded memory
ledger                    all offsets for which an event or a dead letter is stored, and what is stored twice
partitions_and_letters    reads `partitions` and `rejected_events`, and reports what is malformed in them
kafka                     what Kafka holds of a partition, and its records at given offsets
scope                     which days an audit has read
check                     ranges against the ledger; what is missing in MongoDB is looked up in Kafka
replays                   replayed dead letters against their events
"""
