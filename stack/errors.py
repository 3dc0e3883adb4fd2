"""What can go wrong with the local stack; each message is written for the person who started it."""


class StackError(Exception):
    """The local stack cannot do what it was asked to do. The message says why, and what the person can do."""


class PartMissing(StackError):
    """A program that the stack needs is not installed, and this user cannot install it. The message says how to."""
