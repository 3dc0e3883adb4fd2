"""What becomes of a rejected message: one that breaks the contract, or whose event MongoDB refuses to store.

In comes the message with its reason. Out come its dead letter in `rejected_events` and, where a dead-letter topic is
configured, a copy in that topic. A batch calls `record`, and its transaction stores the dead letter. The wiring in
`__main__.py` starts `copier`, a thread that reads the dead letters from MongoDB.

    record  a rejected message -> its dead letter
    copies  a dead letter -> its copy for the topic, whole or cut
    copier  the thread that sends the copies, after the commit

    hidden_headers  marks letters whose headers Kafka's client does not show: before a copy, or on a thread of its own
    raw_reader      reads a message by librdkafka's own functions, to find them

    rejection_log  says in the log what is rejected
    copy_failures  says in the log why copies fail
"""
