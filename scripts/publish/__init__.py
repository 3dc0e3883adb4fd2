"""Publishes events to Kafka: a single event, the messages of a file, or a stream whose totals are known beforehand.

In come values that a person typed, a file or a seed. Out go records in the topic, the place of a single event on
standard output, a report on standard error, an exit code and, if asked for, a JSON file of what a correct consumer
counts. MongoDB is only read, and only by `--wait`. Tests and benchmarks import `generate`, `repeats`,
`invalid_messages`, `totals` and `send`; the other files serve the command alone.

__main__           the commands and their options
single_event       typed values -> one event as JSON
invalid_messages   for each reason of a rejection, the messages that are rejected for it
generate           seed -> a stream of messages, each with what a correct consumer makes of it
repeats            a stream -> the same with ids, and with repeated messages between
totals             what is expected of each message -> exact sums by product
single_run         one event -> the check, the sending, its place and its fate
fate               the event's place -> what became of it, asked until a deadline
file_run           a file -> the check of all its messages, the sending
files/             the forms that a file may have -> messages
publisher          records -> the dry run or the sending, the report, the exit code
interrupt          Ctrl-C and SIGTERM -> an orderly end of the sending
records            what is sent
producer_settings  the settings of Kafka's client
send               records -> Kafka
delivery           what Kafka acknowledged, and where; whether Kafka is silent
report             counts -> a progress bar, and lines of text at the end
"""
