"""Which partitions this process may read, and from which offset.

Kafka's group assigns partitions to this process. Out of here come leases, each the right to write one partition's
events, messages taken under a lease, and the partitions' statuses. The poll loop (`worker.py`) and the status reporter
call this package, and every message carries its lease into `batches` and `storage`. `scripts` uses `brokers` and
`claims` to decide about halted partitions. In the order in which a partition passes:

    assignment   what the group has assigned: the rebalance callbacks, and what they do at Kafka's client
    assigned     the state of one assigned partition, and every change of it
    brokers      the configuration of Kafka's client, and the questions about partitions that brokers answer
    claimer      which assigned partitions are claimed when, and what becomes of them
    claim_round  one round of claims, on the database thread
    claims       one claim: document -> former owner's session ended -> epoch raised -> offsets compared
    lease        what a claim gives
    taken        messages of one partition that were taken under its lease
    statistics   what Kafka's client says of the partitions twice a second
    progress     lag, and the moment up to which answers are complete
    status       what of this is stored, for the API and for operators
"""
