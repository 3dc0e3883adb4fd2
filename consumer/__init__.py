"""The Kafka consumer: events of a topic come in, raw events, their sums and dead letters go to MongoDB, exactly once.

`python -m consumer` runs it. Nothing else imports its loop; the scripts use `events`, `partitions.brokers` and the
statements of `storage`. The wings, each of which imports only those above it in this list:

    process/        what the process is made of: signals, clocks, back-off, Kafka's error reports, failpoints, metrics
    events/         one message: Kafka's bytes -> an event or a rejection -> MongoDB's bytes
    partitions/     who may read what, and from which offset: assignment, claims, leases, brokers, progress
    dead_letters/   the record of a rejected message, its copies, and the thread that makes them
    batches/        many events -> increments: what one transaction will add
    storage/        increments -> statements, then one transaction that runs them

and what ties them together: `pipeline` (batches on their way to MongoDB), `reporter` (status and progress once a
second), `retention` (drops old days), `worker` (the poll loop), `__main__` (wiring).
"""
