"""A seed comes in; a stream of messages, and what a correct consumer counts of them, go out.

The command `generate` uses it, and so do tests and benchmarks.

invalid_messages   for each reason of a rejection, the messages that are rejected for it
generate           seed -> a stream of messages, each with what a correct consumer makes of it
repeats            a stream -> the same with ids, and with repeated messages between
totals             what is expected of each message -> exact sums by product
"""
