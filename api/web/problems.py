"""Errors as answers: `application/problem+json` as RFC 9457 defines it, with one member more, `message`.

Each function that returns a `Problem` makes one error that the API can answer with. Its status, text and headers are
public: OpenAPI shows them (api/web/documentation.py) and the contract tests hold them.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar

from fastapi import Response

from api.web import problem_types as types
from api.web.problem_types import ProblemType
from shared.errors import DatabaseUnavailable, SchemaNewer

MEDIA_TYPE: Final = "application/problem+json"
METHODS: Final = "GET, HEAD, OPTIONS"
"""The methods that every address answers, for the header `Allow`. HEAD is GET without the body, OPTIONS lists these."""
REALM: Final = 'Bearer realm="product-analytics"'
RETRY_SECONDS: Final = 2
"""`Retry-After` of a 503. At half of this, clients ask twice as often in vain while MongoDB is away; at twice, a client
may notice only after four seconds that MongoDB is back."""

Found = TypeVar("Found")

_ID_SHOWN: Final = 128
"""Characters of an unknown id that the 404 repeats, twice in its body. The longest valid id has 19 characters, so any
number from there on shows a mistyped id as a whole; this bounds the answer to a hostile one of kilobytes."""

_VALUE_SHOWN: Final = 40
"""Characters of a query parameter's value that the 400 repeats: the longest name of a zone has 32. Twice as many would
bound the answer to a hostile one just as well; half as many would cut such a name."""


class Problem(Exception):
    """Raise it in a route or a check: the request is answered with this error."""

    def __init__(self, kind: ProblemType, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = kind.status
        self.message = message
        self.headers = headers

    def members(self) -> dict[str, str | int]:
        """The members of the body's JSON object."""
        return {
            "type": self.kind.uri,
            "title": self.kind.title,
            "status": self.status.value,
            "detail": self.message,
            "message": self.message,
        }

    def response(self) -> Response:
        """The answer to send. No cache may keep it."""
        headers = {"Cache-Control": "no-store", **(self.headers or {})}
        return Response(json.dumps(self.members()).encode(), self.status.value, headers, MEDIA_TYPE)


def malformed() -> Problem:
    """400: the bytes that came are no HTTP request. nginx says the same, in nginx.conf."""
    return Problem(types.MALFORMED, "The request is not valid HTTP")


def bad_parameter(name: str, found: str, wanted: str) -> Problem:
    """400: the query parameter `name` is `found`, which is `quoted` or in words, but must be `wanted`, in words."""
    return Problem(types.BAD_QUERY, f"The query parameter {name} is {found}. It must be {wanted}")


def quoted(given: str) -> str:
    """What a client gave, in quotation marks and cut."""
    return f'"{_shown(given, _VALUE_SHOWN)}"'


def _shown(given: str, most: int) -> str:
    """The first `most` characters, with escapes for those that do not show or change what is shown."""
    cut = given if len(given) <= most else given[:most] + "…"
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in cut)


def no_product(product_id: int | str) -> Problem:
    """404: no event ever named this product, or the text cannot be a product's id."""
    return Problem(types.UNKNOWN_PRODUCT, f"No product with id {_shown(str(product_id), _ID_SHOWN)} was found")


def known(found: Found | None, product_id: int) -> Found:
    """What was read of a product. Raises Problem (404) for None: no event ever named it."""
    if found is None:
        raise no_product(product_id)
    return found


def no_token(*, given: bool) -> Problem:
    """401: the request has no valid token. The body does not say what is wrong with it.

    As RFC 6750 wants it, the challenge names an error only if a token was `given`.
    """
    kind, challenge = (types.INVALID_TOKEN, f'{REALM}, error="invalid_token"') if given else (types.NO_TOKEN, REALM)
    return Problem(kind, "A valid bearer token is needed", {"WWW-Authenticate": challenge})


def expired_token(expired_at: float) -> Problem:
    """401: this service made the token and nobody revoked it, but its time is over. `expired_at`: seconds since 1970.

    Only the holder of such a token learns this: whoever forges one gets `no_token`.
    """
    said = f"The token expired at {datetime.fromtimestamp(expired_at, UTC):%Y-%m-%dT%H:%M:%SZ}"
    challenge = f'{REALM}, error="invalid_token", error_description="{said}"'
    return Problem(types.EXPIRED_TOKEN, f"{said}. A valid bearer token is needed", {"WWW-Authenticate": challenge})


def scope_missing(*scopes: str) -> Problem:
    """403: the token is valid, but lacks scopes that this address needs: each of `scopes`."""
    return _out_of_scope(f"The token lacks the scope {' and the scope '.join(scopes)}", scopes, types.SCOPE_MISSING)


def no_scope_of(*scopes: str) -> Problem:
    """403: the token is valid, but has none of the scopes of which this address needs any one."""
    return _out_of_scope(f"The token needs the scope {' or the scope '.join(scopes)}", scopes, types.SCOPE_MISSING)


def limited_to_others(*scopes: str) -> Problem:
    """403: the token is valid and has the scopes, but only for other products."""
    return _out_of_scope("The token is for other products only", scopes, types.OTHER_PRODUCTS)


def _out_of_scope(message: str, scopes: Sequence[str], kind: ProblemType) -> Problem:
    challenge = f'{REALM}, error="insufficient_scope", scope="{" ".join(scopes)}"'
    return Problem(kind, message, {"WWW-Authenticate": challenge})


def wrong_address() -> Problem:
    """403: the token is valid, but may be used only in networks that the client's address does not belong to."""
    challenge = f'{REALM}, error="insufficient_scope"'
    message = "The token is not for use from this address"
    return Problem(types.WRONG_ADDRESS, message, {"WWW-Authenticate": challenge})


def nothing_here() -> Problem:
    """404: no route has this address."""
    return Problem(types.NOTHING_HERE, "There is nothing at this address")


def not_in_bins(ratings: int) -> Problem:
    """422: some ratings of the window are counted, but not by bin."""
    return Problem(
        types.NOT_IN_BINS,
        f"Of the ratings in this window {ratings:,} were stored by an older version, which did not count them by half "
        "points. Ask for a shorter window, or for all time",
    )


def method_not_allowed() -> Problem:
    """405: the address exists, but answers only `METHODS`."""
    return Problem(types.METHOD, "This address answers GET and HEAD only", {"Allow": METHODS})


def unavailable() -> Problem:
    """503: MongoDB did not answer in time, or answered with an error."""
    message = "The data cannot be read at the moment, try again shortly"
    return Problem(types.UNAVAILABLE, message, {"Retry-After": str(RETRY_SECONDS)})


def not_ready() -> Problem:
    """503: this instance is still reading what the answer is made of."""
    message = "This instance is still reading the sums of all products, try again shortly"
    return Problem(types.NOT_READY, message, {"Retry-After": str(RETRY_SECONDS)})


def too_new() -> Problem:
    """503: a newer version of this software has changed the stored documents. `/readyz` names both versions."""
    message = "The data belong to a newer version of this service than this instance"
    return Problem(types.NEWER_DATA, message, {"Retry-After": str(RETRY_SECONDS)})


def internal_fault() -> Problem:
    """500: the service raised an exception that nobody expected. The log has it, under the request's id."""
    return Problem(types.FAULT, "This request met a fault of the service, which was logged")


EXPECTED: Final = (Problem, DatabaseUnavailable, SchemaNewer)
"""The exceptions that checks and endpoints raise, each answered with a Problem."""


def problem_of(error: Problem | DatabaseUnavailable | SchemaNewer) -> Problem:
    """The error that one of the `EXPECTED` exceptions is answered with."""
    if isinstance(error, Problem):
        return error
    return too_new() if isinstance(error, SchemaNewer) else unavailable()
