"""Reads the messages of a file, whatever common form it has, and checks them before anything is sent.

In come a path or standard input. Out go messages with their lines, each as the bytes that Kafka gets, and a report of
those that consumers would reject. Nothing here knows Kafka. Memory is bounded: a document and a table's row are read
one at a time, and what is longer than `message.LONGEST_BYTES` is reported and not kept. So is a line that is sent as it
is, for which `message.LONGEST_LINE_BYTES` is the bound.

source     a path -> a stream that can be read twice, if that is wanted
plain      gzip, byte order marks, UTF-16 -> a stream of UTF-8
message    one message of a file, with its lines; and what is wrong with a file as a whole
json_text  JSON one a line, pretty-printed, in arrays, or mixed -> messages
table      CSV with a header row -> messages
forms      which form a stream has -> its messages
checking   messages -> accepted ones, and a report of the others
"""
