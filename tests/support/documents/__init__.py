"""MongoDB's documents, written and checked by tests.

- `given_events`: events as a test states them, their documents, and the API's right answers about them
- `writing`: batches written by the consumer's own code, without Kafka
- `replaying`: dead letters of `writing`, and replays of them by the command's own code
- `days`: days of raw events, and consumers' retention of them
- `invariant`: every acknowledged message is stored once, and every sum is that of the events
"""
