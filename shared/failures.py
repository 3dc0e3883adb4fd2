"""What MongoDB's driver reports, in words that may be logged: its own texts quote the documents that were written."""

from collections import Counter

from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError


def brief(error: PyMongoError) -> str:
    """The kind of an error, its codes and how often each; of a connection's failure, which quotes nothing, the text."""
    kind = type(error).__name__
    if isinstance(error, BulkWriteError):
        codes = Counter(one.get("code") for one in (error.details or {}).get("writeErrors", []))
        return f"{kind}: " + ", ".join(f"{count} times code {code}" for code, count in codes.items())
    if isinstance(error, OperationFailure):
        name = (error.details or {}).get("codeName", "")
        return f"{kind}: code {error.code} {name}".rstrip()
    return f"{kind}: {error}"
