"""Publishes events to Kafka: a single event, the messages of a file, or a stream whose totals are known beforehand.

In come values that a person typed, a file or a seed. Out go records in the topic, the place of a single event on
standard output, a report on standard error, an exit code and, if asked for, a JSON file of what a correct consumer
counts. MongoDB is only read, and only by `--wait`. Tests and benchmarks import
`generated` and `sending`; the other files serve the command alone.

__main__           the commands and their options
single_event       typed values -> one event as JSON
single_run         one event -> the check, the sending, its place and its fate
fate               the event's place -> what became of it, asked until a deadline
file_run           a file -> the check of all its messages, the sending
files/             the forms that a file may have -> messages
generated/         a seed -> a stream of messages, and what a correct consumer counts of them
generated_run      a seed and shares -> a stream that is published, with its totals
publisher          records -> the dry run or the sending, the report, the exit code
sending/           records -> Kafka, and what Kafka acknowledged
report             counts -> a progress bar, and lines of text at the end
"""
