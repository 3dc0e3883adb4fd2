"""The REST service. Requests of a dashboard come in over HTTP; sales of the last hour and average ratings go out, read
from the aggregates that the consumer keeps in MongoDB. Nothing here writes an aggregate.

A request passes the packages in this order, and each imports only those below it (import-linter holds this):

- __main__.py: reads the settings, starts the server.
- server.py: HTTP around the application, and how the process ends. openapi.py: prints the interface as a document.
- app.py: puts the application together.
- routes/: the addresses, a file for each resource.
- web/: what lies between HTTP and a route: middleware, checks, answers, errors, OpenAPI.
- services.py: the objects that routes read from, made once a process.
- auth/: who asks, and what this token may read.
- reads/: the queries and what is calculated from their rows.
- metrics.py, background.py, headers.py: what the API measures; how its background tasks end; a header's values.

`scripts` uses `auth` and `services` to make tokens. The consumer and the API never import each other.
"""
