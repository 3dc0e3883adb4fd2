"""The contestants: this project's consumer, and what a user would run instead of it.

In comes a `CopyTask`: which topic to copy, and where to. Out come processes that are not started yet, which
`bench.contest` starts and watches, all in the same way. A peer that cannot be had raises `PartMissing`.

- `ours`: this project's consumer, one process or several
- `limit`: only the inserts: as fast as any consumer could be
- `kafka_connect`: Kafka Connect with MongoDB's sink; its jars are listed in `connect/`
- `programs`: peers that are Python programs, in `bench/programs`
"""
