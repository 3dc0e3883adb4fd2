"""What can go wrong with the local stack, as messages to a person."""


class StackError(Exception):
    """The local stack cannot do what was asked; the message says why and what to do."""


class PartMissing(StackError):
    """A program that the stack needs is neither installed nor can be installed by this user."""
