"""Which partitions this process may read, and from which offset.

Kafka's group assigns partitions to this process. Out of here come leases, each the right to write one partition's
events, and the partitions' statuses. The poll loop (`worker.py`) and the status reporter call this package; a lease
goes with every message to the batches and the storage. `scripts` asks brokers by it, too.

    assignment   what the group has assigned: the rebalance callbacks, and how far each partition is read
    brokers      the Kafka client's configuration, and the questions about partitions that brokers answer
    claimer      which assigned partitions are claimed when, and what becomes of them
    claim_round  one round of claims, on the database thread
    claims       one claim: document -> former owner's session ended -> epoch raised -> offsets compared
    lease        what a claim gives
    progress     lag, and the moment up to which answers are complete
"""
