"""What everything is measured on: one Kafka, one MongoDB, and topics full of events.

In come sizes. Out come running servers (`Lab`) and the names of filled topics. Measures call it; the servers are those
of the local stack, without data at the start.

- `laboratory`: the servers, databases that are dropped afterwards, a folder for logs
- `old_hours`: fills databases with hours and minutes of a month ago
- `topics`: makes topics and fills them
"""
