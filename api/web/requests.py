"""A request as an endpoint gets it: who asks, for which products, and how, is checked already.

| checks | for | tokens limited to some products |
|---|---|---|
| `OneProduct` | a path with a product's id | may ask for their products |
| `AllProducts` | sums over all products | may not ask |
| `AllOrSomeProducts` | sums over all products, or over those that the query names | may ask if it names theirs |
| `ListedProducts` | lists | may ask; the endpoint lists what `request.products` permits |

`OneProduct(SALES_READ, RATINGS_READ)` needs both scopes, `ListedProducts(SALES_READ, RATINGS_READ, any_of=True)` needs
one of them; where the query decides which one, the endpoint calls `need(request.caller, SALES_READ)`.

The checks run in this order, and the first that fails decides the answer:

1. The token is valid (else 401), may be used from the client's address (else 403), has the route's scopes (else 403).
2. The query parameters are those of the route (else 400), as api/web/query.py reads them.
3. The product's id is well-formed (else 404).
4. The token may read this product and each that the query names; for the data of all, every product (else 403).

The token comes first, so that whoever has none learns nothing about products and addresses.
"""

from typing import Annotated, NamedTuple

from fastapi import Path, Request

from api.auth.records import Caller
from api.services import Services
from api.web.checks import RequestChecks, services_of
from api.web.parameters import Ids, plain_number
from api.web.problems import no_product, scope_missing
from api.web.query import NO_QUERY, Query
from shared.events import MAX_PRODUCT_ID

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
    query: Query = NO_QUERY


class AllProductsRequest(NamedTuple):
    """A request for the data of all products together."""

    http: Request
    services: Services
    caller: Caller
    query: Query = NO_QUERY


class SomeProductsRequest(NamedTuple):
    """A request for the data of some products, each by itself, or of all products together (`products` is None)."""

    http: Request
    services: Services
    caller: Caller
    products: tuple[int, ...] | None
    query: Query = NO_QUERY


class ListRequest(NamedTuple):
    """A request for a list of products. It may list those of `products` only; None permits all products."""

    http: Request
    services: Services
    caller: Caller
    products: frozenset[int] | None
    query: Query = NO_QUERY


class OneProduct(RequestChecks[ProductRequest]):
    """Checks for a route whose path has `/{product_id}`."""

    async def __call__(self, request: Request, product_id: ProductId) -> ProductRequest:
        """See RequestChecks."""
        services = services_of(request)
        caller = await self._caller(request, services)
        query = self._query.read(request.scope["query_string"])
        product = _product_number(product_id)
        self._check_limit(caller, product)
        return ProductRequest(request, services, caller, product, query)


class AllProducts(RequestChecks[AllProductsRequest]):
    """Checks for a route over all products. A token that is limited to some products is not enough."""

    async def __call__(self, request: Request) -> AllProductsRequest:
        """See RequestChecks."""
        services = services_of(request)
        caller = await self._caller(request, services)
        query = self._query.read(request.scope["query_string"])
        self._check_limit(caller, None)
        return AllProductsRequest(request, services, caller, query)


class AllOrSomeProducts(RequestChecks[SomeProductsRequest]):
    """Checks for a route over all products, or over those that the query parameter `ids` names, if it names any.

    `ids` must be among the parameters that the route takes. A token that is limited to some products may name these.
    """

    def __init__(self, *scopes: str, ids: Ids, any_of: bool = False) -> None:
        super().__init__(*scopes, any_of=any_of)
        self._ids = ids

    async def __call__(self, request: Request) -> SomeProductsRequest:
        """See RequestChecks."""
        services = services_of(request)
        caller = await self._caller(request, services)
        query = self._query.read(request.scope["query_string"])
        products = query.get(self._ids)
        for product in (None,) if products is None else products:
            self._check_limit(caller, product)
        return SomeProductsRequest(request, services, caller, products, query)


class ListedProducts(RequestChecks[ListRequest]):
    """Checks for a route that lists products. It lists to a limited token the token's own products only."""

    async def __call__(self, request: Request) -> ListRequest:
        """See RequestChecks."""
        services = services_of(request)
        caller = await self._caller(request, services)
        query = self._query.read(request.scope["query_string"])
        return ListRequest(request, services, caller, caller.products, query)


def need(caller: Caller, scope: str) -> None:
    """Raise Problem (403) when the token lacks `scope`: for a route whose query decides which scope it needs."""
    if scope not in caller.scopes:
        raise scope_missing(scope)


def _product_number(product_id: str) -> int:
    """The id as a number. Raises Problem (404) for every other spelling: product 3 is `3`, never `03` or `+3`."""
    number = plain_number(product_id)
    if number is None or number > MAX_PRODUCT_ID:
        raise no_product(product_id)
    return number
