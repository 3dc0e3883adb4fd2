"""A running API, and the tokens and keys that it is asked with.

- `running`: the API in a thread or as a process, with its database and its clock
- `answers`: what it answered, with every digit, and its metrics
- `jws`: signed tokens made without the API's own library
- `keys`: pairs of keys for ES256
"""
