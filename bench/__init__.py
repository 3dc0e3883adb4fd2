"""Measurements: this project beside what a user would run instead of it, and the figures behind single decisions.

In come sizes and rounds, from the command line. Out comes a report in Markdown, or a few printed figures. Only
`make bench`, `make bench-smoke` and people call it; no other code does.

- `__main__`: `python -m bench`, all measures in one run and one report
- `options`: how large such a run is
- `lab/`: the servers and topics of a run
- `contest/`: one contestant copies one topic, watched from outside
- `peers/`: the contestants: this project, and what a user would run instead
- `programs/`: the programs of those peers that are written in Python
- `serving/`: an API process on a filled database, and load on it
- `results/`: rounds, ratios and the tables of the report
- `measures/`: what is measured, a module each
- `machine`: the lines of the report about the machine, the servers and the libraries

Commands for single decisions, which print what they find: `stages` (where the consumer's processor time goes),
`clustered_events`, `rollup_reads`, `async_drivers`, `token_checks`.
"""
