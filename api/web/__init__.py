"""What lies between HTTP and a route. A request comes in as ASGI's scope, an endpoint gets it checked, and its answer
goes out as bytes. Only api/routes, api/app.py and api/server.py import this package.

In the order in which a request and its answer pass:

- protocol.py: one connection of the HTTP server.
- middleware.py: gives the request its id; logs and measures its answer.
- cors.py: which pages of other origins may read answers.
- direct_routes.py: finds the route, runs its checks and its endpoint, without FastAPI's machinery.
- requests.py: the checks of each kind of route, and the requests that they make for endpoints; checks.py: what these
  checks share.
- negotiation.py: whether a table is answered as JSON or as CSV.
- responses.py: bodies and headers of answers with data; csv_table.py: bodies that are CSV.
- problems.py: every error that the API answers with; problem_types.py: the kinds of errors and their
  URIs; framework_errors.py: the errors that FastAPI finds.
- query.py: reads the query string; parameters.py and parameter.py: what it is read into; cache_busters.py: a
  hint for one kind of error.
- documentation.py: what OpenAPI says of requests and answers.
- health.py: whether this instance is ready for requests.
"""
