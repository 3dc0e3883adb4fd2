"""What is measured: a module for each measure, whose function `measure` takes a lab and options.

Out comes a section of the report, with the goals and whether they hold. `bench.__main__` calls them, in this order:

- `consume`: a backlog, by one process of each contestant
- `worst_case`: the same with nearly every event of another product
- `ids`: the same with an id on each event
- `sealing`: a backlog while an old database is sealed, and the storage that sealing saves
- `processes`: three consumers of one group against one
- `memory`: a consumer's memory before a large backlog
- `visible`: the time from publishing an event until it can be seen
- `reads`: answers a second of one API process
- `history`: whether answers take longer after a long past
- `analytics`: the answers of a dashboard, beside a constant, the plain style and a longer past
- `top`: tops over very many products, and what they cost a process
- `ingest`: whether answers take longer while a consumer works
- `start`: how long the API and the consumer take to start
"""
