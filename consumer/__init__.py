"""The Kafka consumer: validates events into MongoDB, exactly once."""
