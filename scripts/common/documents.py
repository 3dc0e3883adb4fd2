"""Reads documents of MongoDB that may hold what this project never writes, so that one of them never hides the others.

An operator looks at documents when something is wrong. A field may then be missing, a date may lie beyond the year
9999, and text may not be UTF-8.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

from bson.codec_options import DatetimeConversion

from shared.documents import EVENT_COLLECTIONS, Document, event_day
from shared.mongo import SyncDatabase

T = TypeVar("T")

UNFIT: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What reading a field raises if it is missing or has another type or value than this project writes."""


def leniently(database: SyncDatabase) -> SyncDatabase:
    r"""The database, read so that every document can be: a date that Python cannot hold becomes a DatetimeMS, and bytes
    that are not UTF-8 are escaped, such as `\xe9`."""
    options = database.codec_options.with_options(
        datetime_conversion=DatetimeConversion.DATETIME_AUTO, unicode_decode_error_handler="backslashreplace"
    )
    return database.with_options(codec_options=options)


def event_days(database: SyncDatabase) -> list[str]:
    """The collections of raw events, the latest day first. A user who may only read them may ask for them. Raises
    PyMongoError."""
    names = database.list_collection_names(filter=EVENT_COLLECTIONS, authorizedCollections=True)
    return sorted((name for name in names if event_day(name) is not None), reverse=True)


def each(
    documents: Iterable[Document], make: Callable[[Document], T], unfit: Callable[[Document, str], T]
) -> Iterator[T]:
    """What `make` makes of each document; of one that it cannot read, what `unfit` makes of it and of the reason."""
    for document in documents:
        try:
            yield make(document)
        except UNFIT as error:
            yield unfit(document, f"cannot be shown: {type(error).__name__}: {error}")
