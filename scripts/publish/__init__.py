"""Publishes events to Kafka: a single event, the lines of a file, or a stream whose totals are known beforehand.

In come values that a person typed, a file or a seed. Out go records in the topic, a report on standard error, an exit
code and, if asked for, a JSON file of what a correct consumer counts. MongoDB is not touched. Tests and benchmarks
import `generate`, `invalid_messages`, `totals` and `send`; the other files serve the command alone.

__main__           the commands and their options
single_event       typed values -> one event as JSON
invalid_messages   for each reason of a rejection, the messages that are rejected for it
generate           seed -> a stream of messages, each with what a correct consumer makes of it
totals             what is expected of each message -> exact sums by product
publisher          records -> the check or the dry run, the sending, the report, the exit code
interrupt          Ctrl-C and SIGTERM -> an orderly end of the sending
send               records -> Kafka, and counts of what Kafka acknowledged
report             counts -> a progress bar, and lines of text at the end
"""
