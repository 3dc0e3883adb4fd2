"""Finds an event or a dead letter wherever it is: in MongoDB, and its message in Kafka. Reads only.

In come a place in Kafka, an event's id, a product or a message's key. Out go what is stored of it, what became of it,
and the message's key, headers and value as far as Kafka still holds them. Every search has a deadline and a number of
rows, and says what it left out. Nothing is written anywhere: a MongoDB user who may only read is enough, and Kafka is
read without a group. No other program imports from this package.

__main__   the command `find` and its options
budget     how long a search may take, and what it has not looked at
records    messages in Kafka: the one at a place, the latest ones with a key
stored     MongoDB: events by id and by product, dead letters by key and by id, scans with a deadline
messages   Kafka's messages within the search's time, and of which generation each is
search     what is asked for -> findings
finding    what is known of one message -> lines, or JSON
"""
