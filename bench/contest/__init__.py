"""One contestant copies the events of one topic into a database, watched from outside.

In come a contestant and a filled topic. Out comes how fast it was, and how much processor time and memory it took.
Measures call `run`; `peers/` are the contestants.

- `contest`: starts the contestant, counts what it has stored, ends it
- `usage`: processor time and memory of processes
"""
