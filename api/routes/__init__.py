"""The addresses of the API, a file for each resource. A checked request comes in (api/web/requests.py), an answer goes
out (api/web/responses.py). Only api/app.py imports these files, and none of them imports another.

- sales.py, ratings.py: routes with data. An endpoint reads from `request.services` and answers; it checks nothing.
- operations.py: what load balancers and Prometheus ask for. These addresses need no token.

To add a route with data:

1. Give what it reads to `Services` (api/services.py), as a `BatchingReader` of the new query (api/reads/).
2. Put the body of the answer beside the others in api/web/responses.py: the function that writes it, and its model.
3. Write the endpoint here, in the file of its resource, below `@resource.get` with its path, the checks with its scope,
   and its summary. sales.py shows both kinds of checks. A new file has a `resource`, which api/app.py lists.
4. A route that takes query parameters needs a third kind of checks beside `OneProduct` and `AllProducts`: its
   `__call__` declares the parameters for OpenAPI and reads them from `request.query_params` itself.
5. Raise `VERSION` (api/web/documentation.py), run `make openapi`, and add the request and its answer to
   tests/contracts/api.json. CONTRIBUTING.md names the pages and the other files that follow.
"""
