"""One API process on a filled database, and a load of requests on it.

In come a topic and the number of events of the past. Out come answers a second and latencies. Measures call it.

- `past`: fills a database: an hour through the consumer, and any number of hours before it
- `served`: starts an API process and issues a token for it
- `active_products`: fills a database with very many products that have events in the last hours
- `sealed_past`: adds any number of sealed days before that
- `plain_style`: the same events as a plain consumer stores them, and the plain style's aggregations over them
- `api_with_peers`: the same API with five routes more, which it is compared with
- `questions`: what a dashboard asks, and the plain style's address for the same
- `load`: a load of requests by wrk, whose script is `api.lua`
- `ranked`: asks for tops, and watches what they cost
- `staleness`: how long after its commit a sale is in a top
"""
