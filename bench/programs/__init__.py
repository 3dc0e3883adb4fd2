"""The programs of peers, as their users would write them.

In come addresses on the command line. Each program copies events from Kafka to MongoDB until it is ended. It runs in an
environment of its own that does not hold this project, so it imports nothing of it.

- `plain_consumer`: the plain style: one insert and one commit a message
- `quix_streams`: Quix Streams with its MongoDB sink
- `fast_stream`: FastStream, one insert a batch
"""
