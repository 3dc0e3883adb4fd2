"""What the process needs beside its work on events: its start, its end, its outages, its measurements.

Every other package of `consumer` may call this one, and it calls none of them.

    runtime       at the start: how Python's threads take turns, and how often garbage is collected
    stopping      at the end: signals, and the deadline that ends the process whatever hangs
    duty          a thread that does some work again and again: retention, sealing, name keys
    clocks        this machine's clock against MongoDB's
    outage        how long to wait before MongoDB is tried again, and the lines of the log that say so
    backoff       a single delay, as a strategy of tenacity draws it
    kafka_errors  what Kafka's client reports, logged once in a while
    metrics       the Prometheus metrics
    failpoints    for tests: steps at which the process can be made to die or freeze
"""
