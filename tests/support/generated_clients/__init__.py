"""Clients that public generators make of docs/openapi.json: their environments, and programs that use the clients.

`typescript/package-lock.json` and `requirements/generated-client.txt` pin every package by its hash, and name no
registry: the packages come from the one that this machine is set to. Both environments are made once, in `.state`.

- typescript/: openapi-typescript, the TypeScript compiler, and use.ts
- use.py: for the client of openapi-python-client
- generators.py: makes the environments, generates the clients, runs the programs
"""
