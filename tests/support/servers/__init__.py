"""Kafka and MongoDB for tests, real ones, which a test may kill or freeze; `tests/conftest.py` makes fixtures of them.

- `interface`: what a test may do to a server, whatever runs it
- `local`: servers as processes of the local stack's parts
- `containers`: the same as containers, where a Docker engine answers
- `secured`: Kafka with TLS and SCRAM, MongoDB with users
- `bugsnag`: receivers of error reports
"""
