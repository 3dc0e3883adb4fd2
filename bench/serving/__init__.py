"""One API process on a filled database, and a load of requests on it.

In come a topic and the number of events of the past. Out come answers a second and latencies. Measures call it.

- `past`: fills a database: an hour through the consumer, and any number of hours before it
- `served`: starts an API process and issues a token for it
- `sealed_past`: adds any number of sealed days before that
- `plain_style`: the same sales as raw events, and the plain style's aggregations over them
- `api_with_peers`: the same API with four routes more, which it is compared with
- `load`: a load of requests by wrk, whose script is `api.lua`
"""
