"""The REST service: sales of the last hour and average ratings, read from the aggregates."""
