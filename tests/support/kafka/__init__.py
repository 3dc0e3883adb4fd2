"""Kafka as tests use it: topics, messages, consumers.

- `topic_config`: change a topic's settings
- `messages`: messages as a consumer gets them, made without Kafka; products that change their names
- `consumer_group`: a topic, the consumers that read it, the database that they write; and what was published
- `raw_headers`: a message with headers that Python's client cannot make
- `load`: traffic that runs while a test does something else
- `copies`: read a topic of dead letters
"""
