"""Programs that a test or `make` starts by `python -m`.

- `without_leader`: the consumer, unable to ask the broker about partition 0
- `supervised`: a small stack of shell commands under the real supervisor
- `vulnerabilities`: known vulnerabilities of the dependencies; `make audit-dependencies`
"""
