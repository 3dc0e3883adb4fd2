"""The addresses of the API, a file for each resource. A checked request comes in (api/web/requests.py), an answer goes
out (api/web/responses.py). Only api/app.py imports these files, and none of them imports another.

- sales.py, ratings.py, products.py, series.py, search.py, top.py: routes with data. An endpoint reads from
  `request.services` and answers; it checks nothing.
- spans.py: the query parameters that several of them take.
- operations.py: what load balancers and Prometheus ask for. These addresses need no token.

To add a route with data:

1. Give what it reads to `Dashboard` (api/dashboard.py), as a `BatchingReader` of the new query (api/reads/).
2. Put the body of the answer beside the others in api/web/bodies: the function that writes it, and its model.
3. Write the endpoint here, in the file of its resource, below `@resource.get` with its path, the checks with its
   scopes, its `operation_id` and its summary. api/web/requests.py has a table of the checks. A new file has a
   `resource`, which api/app.py lists.
4. Query parameters are constants, such as `LIMIT = Whole("limit", 1, 100, ...)` (api/web/parameters.py). List them as
   `parameters=(LIMIT,)`, and read `request.query[LIMIT]`. What several routes take is declared once, in
   a module of its own here. Values that are wrong only together are refused by the endpoint:
   `raise COMPARE.misplaced(compare, "ids")`.
5. Raise `VERSION` (api/web/documentation.py), run `make openapi`, and add the request and its answer to
   tests/contracts/api.json. CONTRIBUTING.md names the pages and the other files that follow.
"""
