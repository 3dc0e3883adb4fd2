"""From measured figures to the report. Nothing here starts a server.

In come functions that measure once. Out comes Markdown. Measures and `bench.__main__` call it.

- `rounds`: lets contestants measure in turn, several times
- `ratios`: compares contestants within each round
- `report`: the table of goals and the tables behind it
"""
