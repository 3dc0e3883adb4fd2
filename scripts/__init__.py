"""The commands of developers and operators, a package each; `python -m scripts.NAME --help` explains a command.

publish        puts events into Kafka: a single event, a file of them, or millions whose totals are known beforehand
events         finds an event or a dead letter wherever it is, and what became of it
partitions     shows how far each partition is stored, and lets a halted partition go on
dead_letters   shows rejected messages, and replays, discards or exports them
audit          compares what is stored with Kafka and with itself, and repairs sums
tokens         makes, shows, rotates and revokes tokens of the API
certificates   makes a server's certificate, signed by a local authority
healthcheck    one file: the containers' health check
common         what several commands share

Commands never import each other; an import-linter contract in pyproject.toml holds them to it. Each may import
`common`, `shared` and the service whose data it works with: `tokens` the API, the others the consumer.
"""
