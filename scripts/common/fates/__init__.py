"""A place in Kafka comes in; what became of the message there, by what MongoDB holds, goes out.

`publish --wait` and `events find` use it. Nothing here writes.

places          `7@9908` -> a place in Kafka; which generation of the topic an offset belongs to
fate            a place -> what became of its message
words           what became of a message -> a sentence
"""
