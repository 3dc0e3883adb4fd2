"""The Kafka consumer: events of a topic come in, raw events, their sums and dead letters go to MongoDB, exactly once.

`python -m consumer` runs it, and nothing else imports its loop. The scripts use `events`, `batches.increments`,
`partitions.brokers`, `partitions.claims`, the statements and commands of `storage`, and `process`. Each entry imports
only those below it in this list (a contract in `pyproject.toml` checks that):

    __main__        wiring: settings become objects
    worker          the poll loop
    pipeline        batches on their way to MongoDB
    reporter        status and progress, once a second
    retention       drops old days
    sealing/        folds the hours of old days into one document a day
    name_keys       adds the keys of names that a consumer of an older version leaves out
    storage/        increments -> statements, then one transaction that runs them
    batches/        many events -> increments: what one transaction will add
    dead_letters/   the record of a rejected message, its copies, and the thread that makes them
    partitions/     who may read what, and from which offset: assignment, claims, leases, brokers, progress
    events/         one message: Kafka's bytes -> an event or a rejection -> MongoDB's bytes
    process/        what the process is made of: signals, clocks, back-off, Kafka's error reports, failpoints, metrics
"""
