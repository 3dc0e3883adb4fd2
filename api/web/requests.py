"""A request as an endpoint gets it: who asks, and for which product, is checked already.

The checks run in this order, and the first that fails decides the answer:

1. The token is valid (else 401), may be used from the client's address (else 403) and has the route's scope (else 403).
2. The request has no query parameters (else 400).
3. The product's id is well-formed (else 404).
4. The token may read this product; for the data of all products, it may read every product (else 403).

The token comes first, so that whoever has none learns nothing about products and addresses.
"""

import re
from abc import ABC, abstractmethod
from typing import Annotated, Any, Final, Generic, NamedTuple, TypeVar

from fastapi import Path, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from api import headers
from api.auth.access import RATINGS_READ, SALES_READ, WrongAddress
from api.auth.records import Caller
from api.auth.tokens import InvalidToken
from api.services import Services
from api.web.problems import limited_to_others, no_product, no_token, scope_missing, wrong_address
from api.web.query import no_query
from shared.events import MAX_PRODUCT_ID

_ID: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)

_ABOUT_TOKENS: Final = (
    f"A token made by `python -m scripts.tokens issue`. Scopes: `{SALES_READ}` for sales, `{RATINGS_READ}` for ratings."
)

ProductId = Annotated[
    str,
    Path(
        description="Id of the product: 0 to 2^63 - 1 in plain digits.",
        examples=["3"],
        json_schema_extra={"pattern": "^(0|[1-9][0-9]{0,18})$"},
    ),
]
"""The path's `{product_id}`, as OpenAPI describes it."""


class ProductRequest(NamedTuple):
    """A request for the data of one product. The product may still be unknown: only MongoDB knows which exist."""

    http: Request
    services: Services
    caller: Caller
    product: int


class AllProductsRequest(NamedTuple):
    """A request for the data of all products together."""

    http: Request
    services: Services
    caller: Caller


Checked = TypeVar("Checked")


class RequestChecks(SecurityBase, ABC, Generic[Checked]):
    """Makes one kind of `Checked` request for the routes that need `scope`.

    FastAPI takes an instance as a dependency, `Security(OneProduct(SALES_READ))`. It documents the security scheme by
    `model` and `scheme_name`, and the path's parameters by the signature of the subclass's `__call__`.
    """

    def __init__(self, scope: str) -> None:
        self.model = HTTPBearer(bearerFormat="JWT", description=_ABOUT_TOKENS)
        self.scheme_name = "token"
        self.scope = scope

    @abstractmethod
    async def __call__(self, *args: Any, **path_parameters: Any) -> Checked:
        """Check the request, given the parameters of its path.

        Raises Problem (400, 401, 403 or 404), or DatabaseUnavailable when MongoDB does not give the token's record.
        """

    async def _caller(self, request: Request, services: Services) -> Caller:
        """Find out who asks. Raises Problem (401 or 403) or DatabaseUnavailable."""
        try:
            caller = await services.access.caller(_token(request), request.scope)
        except InvalidToken:
            raise no_token(given=True) from None
        except WrongAddress:
            raise wrong_address() from None
        if self.scope not in caller.scopes:
            raise scope_missing(self.scope)
        return caller

    def _check_limit(self, caller: Caller, product: int | None) -> None:
        """Raise Problem (403) when the token is for other products only, whether or not this product exists."""
        if not caller.may_read(product):
            raise limited_to_others(self.scope)


class OneProduct(RequestChecks[ProductRequest]):
    """Checks for a route whose path ends with `/{product_id}`."""

    async def __call__(self, request: Request, product_id: ProductId) -> ProductRequest:
        """See RequestChecks."""
        services = services_of(request)
        caller = await self._caller(request, services)
        _check_query(request)
        product = _product_number(product_id)
        self._check_limit(caller, product)
        return ProductRequest(request, services, caller, product)


class AllProducts(RequestChecks[AllProductsRequest]):
    """Checks for a route whose path has no parameters. A token that is limited to some products is not enough."""

    async def __call__(self, request: Request) -> AllProductsRequest:
        """See RequestChecks."""
        services = services_of(request)
        caller = await self._caller(request, services)
        _check_query(request)
        self._check_limit(caller, None)
        return AllProductsRequest(request, services, caller)


def services_of(request: Request) -> Services:
    """The services that the application's lifespan started (api/app.py)."""
    services: Services = request.scope["state"]["services"]
    return services


def _token(request: Request) -> str:
    """The text after `Bearer` in the request's only Authorization header.

    Raises Problem (401) for a request without a bearer token, InvalidToken for one with several Authorization headers.
    """
    given = headers.values(request.scope, b"authorization")
    scheme, _, token = given[0].partition(" ") if given else ("", "", "")
    if len(given) > 1:
        raise InvalidToken
    if scheme.lower() != "bearer":
        raise no_token(given=False)
    return token.strip(" ")


def _check_query(request: Request) -> None:
    """Raise Problem (400) for any query parameter: none has a meaning, and a misspelt one must not go unnoticed."""
    if request.scope["query_string"]:
        raise no_query(request.scope["query_string"].decode("latin-1"))


def _product_number(product_id: str) -> int:
    """The id as a number. Raises Problem (404) for every other spelling: product 3 is `3`, never `03` or `+3`."""
    number = int(product_id) if _ID.fullmatch(product_id) else -1
    if not 0 <= number <= MAX_PRODUCT_ID:
        raise no_product(product_id)
    return number
