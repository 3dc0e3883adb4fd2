"""MongoDB's documents, written and checked without the consumer's code.

- `given_events`: events as a test states them, their documents, and the API's right answers about them
- `writing`: batches written by the consumer's own code, without Kafka
- `invariant`: every acknowledged message is stored once, and every sum is that of the events
"""
