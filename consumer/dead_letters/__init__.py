"""What becomes of a message that the contract rejects.

In comes a rejected message with its reason; out come its dead letter in `rejected_events` and, where a dead-letter topic
is configured, a copy in that topic. Judging calls `record`, whose documents the batch's transaction stores. The
consumer's wiring starts `copier`, which reads them from MongoDB on a thread of its own.

    record  a rejected message -> its dead letter
    copies  a dead letter -> its copy for the topic, whole or cut
    copier  the thread that sends the copies, after the commit
"""
