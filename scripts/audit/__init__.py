"""`python -m scripts.audit`: proves from what is stored that every message counts once and that every sum is right.

In: a group's database, and its topic in Kafka. Out: findings, as JSON or as lines, and with `--repair-rollups` sums
made right. Nobody imports this package but the tests.

An audit runs in these steps (`reconcile`), while consumers may run:

1. It opens a snapshot: all reads of a snapshot see MongoDB as it was at one moment.
2. It reads `partitions`, which says how far each partition has been read, and notes all dead letters in the *ledger*, a
   map of the Kafka offsets for which something is stored.
3. It looks at the `_id`s of all aggregates, and reports those that are malformed or name an unknown partition.
4. Day by day it reads the events, in order of product and time. It notes each event's offset in the ledger, adds up the
   sums that the events give, and compares them with the day's documents of `rollups` and `totals`. A repair of a day
   follows at once. A new snapshot is opened about once a minute, between two days.
5. It compares `products` with what the events of all days gave: ratings, times, names.
6. It compares the ledger with `partitions`: for every offset that was read, an event or a dead letter must be stored,
   once. Where nothing is stored it asks Kafka: only where Kafka has a record for a reader a message is lost.
7. It compares replayed dead letters with their events.
8. It prints the findings. What can no longer be judged, such as days that retention dropped, is *not verifiable*, which
   is no error.

A check that used the code that it checks would repeat that code's mistakes. So the audit has its own sums (five in one
integer), its own reading of the stored BSON and its own statements, and it uses neither the consumer's increments
(`consumer.batches`) nor its statements (`consumer.storage`) nor its writing of BSON (`consumer.events.encode`). It does
share:

- with both services, from `shared`: names and layouts of documents and paths, the conversion of Decimal128, the codes
  of events and rejections, the schema's version, settings, the MongoDB client;
- with the consumer: `consumer.events.decode`, the contract, to judge what Kafka still holds for a missing offset (a
  message that the contract rejects must be a dead letter, any other an event), with what it takes and
  gives (`time_limits`, `rejection`), and `consumer.partitions.brokers`, the client that asks which offsets Kafka holds,
  with the words of its errors (`consumer.process.kafka_errors`);
- with the other commands: `scripts.common.sessions`, for the repair's transactions.

Packages and files, each of which imports only those below it (a contract in `pyproject.toml` checks that):

__main__          the command
result            findings as JSON and as lines
reconcile         the audit, step by step
progress          the progress bar
compare_groups    the databases of two groups against each other
day_check         one day's events against its sums
repair/           wrong sums made right
offsets/          Kafka's offsets against events and dead letters
products/         `products` against the events
sums/             `rollups` and `totals` against the events
reading/          MongoDB at one moment -> numbers
findings          what is wrong, and what cannot be judged
"""
