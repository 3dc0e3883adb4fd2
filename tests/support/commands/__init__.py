"""The project's scripts, run as an operator runs them: as processes.

- `audit`: `python -m scripts.audit`, and any other script
- `tokens`: `python -m scripts.tokens`
"""
