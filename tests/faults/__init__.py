"""The fault suite: scenarios in which processes, servers, the network or clocks fail, while events come in.

Each `test_*.py` holds the scenarios of one kind of fault. What they stand on:

- `scenario`: a topic, a database, consumers and known traffic; counts faults; checks everything at its end
- `traffic`: known events, published while the faults happen
- `published_twice`: events with ids, some of which are published again
- `injection/`: what does the harm
- `checks/`: what must hold all the same
- `table`, `words`: the table that ends a run, and its scenarios in words
"""
