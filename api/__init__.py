"""The HTTP API: answers from the aggregates, for holders of a token."""
