"""The kinds of errors, each with the URI that is the `type` of its `application/problem+json` (RFC 9457).

A client tells errors apart by these URIs. They are stable: none is renamed or reused. docs/problems.md explains each
under its name. They name no host, since every operator has another, and are the same text wherever the API runs.
"""

from http import HTTPStatus
from typing import Final, NamedTuple

PREFIX: Final = "urn:problem-type:product-analytics:"


_TITLES: Final = {413: "Content Too Large", 414: "URI Too Long", 422: "Unprocessable Content"}
"""The titles that RFC 9110 gives, where Python's `HTTPStatus` has older ones, depending on its version."""


class ProblemType(NamedTuple):
    """A kind of error: its URI, and the status that it is answered with."""

    uri: str
    status: HTTPStatus

    @property
    def title(self) -> str:
        """The status in words."""
        return _TITLES.get(self.status, self.status.phrase)


def _registered(name: str, status: HTTPStatus) -> ProblemType:
    kind = ProblemType(PREFIX + name, status)
    ALL[name] = kind
    return kind


ALL: Final[dict[str, ProblemType]] = {}
"""Every kind, by its name."""

MALFORMED: Final = _registered("malformed-request", HTTPStatus.BAD_REQUEST)
PLAIN_HTTP: Final = _registered("plain-http", HTTPStatus.BAD_REQUEST)
BAD_QUERY: Final = _registered("bad-query", HTTPStatus.BAD_REQUEST)
CROSS_ORIGIN: Final = _registered("cross-origin-refused", HTTPStatus.BAD_REQUEST)
NO_TOKEN: Final = _registered("no-token", HTTPStatus.UNAUTHORIZED)
INVALID_TOKEN: Final = _registered("invalid-token", HTTPStatus.UNAUTHORIZED)
EXPIRED_TOKEN: Final = _registered("expired-token", HTTPStatus.UNAUTHORIZED)
SCOPE_MISSING: Final = _registered("scope-missing", HTTPStatus.FORBIDDEN)
OTHER_PRODUCTS: Final = _registered("other-products", HTTPStatus.FORBIDDEN)
WRONG_ADDRESS: Final = _registered("wrong-address", HTTPStatus.FORBIDDEN)
UNKNOWN_PRODUCT: Final = _registered("unknown-product", HTTPStatus.NOT_FOUND)
NOTHING_HERE: Final = _registered("nothing-here", HTTPStatus.NOT_FOUND)
METHOD: Final = _registered("method-not-allowed", HTTPStatus.METHOD_NOT_ALLOWED)
PRECONDITION: Final = _registered("precondition-failed", HTTPStatus.PRECONDITION_FAILED)
BODY_TOO_LARGE: Final = _registered("body-too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
ADDRESS_TOO_LONG: Final = _registered("address-too-long", HTTPStatus.REQUEST_URI_TOO_LONG)
OTHER_HOST: Final = _registered("other-host", HTTPStatus.MISDIRECTED_REQUEST)
NOT_IN_BINS: Final = _registered("ratings-not-in-bins", HTTPStatus.UNPROCESSABLE_ENTITY)
TOO_MANY: Final = _registered("too-many-requests", HTTPStatus.TOO_MANY_REQUESTS)
HEADERS_TOO_LARGE: Final = _registered("headers-too-large", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
FAULT: Final = _registered("internal-fault", HTTPStatus.INTERNAL_SERVER_ERROR)
ENCODING: Final = _registered("unknown-encoding", HTTPStatus.NOT_IMPLEMENTED)
NO_INSTANCE: Final = _registered("no-instance", HTTPStatus.BAD_GATEWAY)
UNAVAILABLE: Final = _registered("unavailable", HTTPStatus.SERVICE_UNAVAILABLE)
NEWER_DATA: Final = _registered("newer-data", HTTPStatus.SERVICE_UNAVAILABLE)
NOT_READY: Final = _registered("not-ready", HTTPStatus.SERVICE_UNAVAILABLE)
NO_ANSWER: Final = _registered("no-answer-in-time", HTTPStatus.GATEWAY_TIMEOUT)
VERSION: Final = _registered("http-version", HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)


def untyped(status: HTTPStatus) -> ProblemType:
    """An error of which the status says all there is: what the framework raises and nobody here expects."""
    return ProblemType("about:blank", status)
