"""How long to wait before the next attempt, by the wait strategies of tenacity.

tenacity's own loop calls one function again and again. The loops here cannot be that: the polling loop polls on between
two attempts, and a batch changes between two attempts to commit it. So they ask for the delay alone.
"""

from tenacity import RetryCallState, Retrying
from tenacity.wait import wait_base


def delay_seconds(wait: wait_base, failures: int) -> float:
    """The delay after `failures` failures in a row (1 or more), in seconds, as `wait` draws it."""
    state = RetryCallState(Retrying(), fn=None, args=(), kwargs={})
    state.attempt_number = failures
    return float(wait(state))
