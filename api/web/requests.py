"""What routes ask for, as `Annotated` aliases."""

import re
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Path, Request, Security
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from api import headers
from api.auth.access import RATINGS_READ, SALES_READ, WrongAddress
from api.auth.records import Caller
from api.auth.tokens import InvalidToken
from api.services import Services
from api.web.problems import Problem, elsewhere, lacking, no_product, no_token, out_of_scope
from shared.events import MAX_PRODUCT_ID

_ID: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)

_ABOUT_TOKENS: Final = (
    f"A token made by `python -m scripts.tokens issue`. Scopes: `{SALES_READ}` for sales, `{RATINGS_READ}` for ratings."
)


def services_of(request: Request) -> Services:
    """What the application runs on, from the state of its lifespan."""
    services: Services = request.scope["state"]["services"]
    return services


class Bearer(SecurityBase):
    """The caller, if its token is valid and has the scope."""

    def __init__(self, scope: str) -> None:
        self.model = HTTPBearer(bearerFormat="JWT", description=_ABOUT_TOKENS)
        self.scheme_name = "token"
        self._scope = scope

    async def __call__(self, request: Request) -> Caller:
        """Raises Problem (401, 403), or StoreUnavailable."""
        try:
            caller = await services_of(request).access.caller(_token(request), request.scope)
        except InvalidToken:
            raise no_token(given=True) from None
        except WrongAddress:
            raise elsewhere() from None
        if self._scope not in caller.scopes:
            raise lacking(self._scope)
        return caller


def _token(request: Request) -> str:
    """The token of the request's only Authorization header. Raises Problem, or InvalidToken for several headers."""
    given = headers.values(request.scope, b"authorization")
    scheme, _, token = given[0].partition(" ") if given else ("", "", "")
    if len(given) > 1:
        raise InvalidToken
    if scheme.lower() != "bearer":
        raise no_token(given=False)
    return token.strip(" ")


def product_number(product_id: str) -> int:
    """The id as a number; one product has one spelling. Raises Problem (404)."""
    number = int(product_id) if _ID.fullmatch(product_id) else -1
    if not 0 <= number <= MAX_PRODUCT_ID:
        raise no_product(product_id)
    return number


def refuse_query(request: Request) -> None:
    """Raises Problem (400) for any query parameter: none has a meaning here, and a misspelt one must not pass."""
    if request.scope["query_string"]:
        raise Problem(HTTPStatus.BAD_REQUEST, "This address takes no query parameters")


def check_product(caller: Caller, product: int | None, scope: str) -> None:
    """Raises Problem (403) when the token is for other products only, whether or not this one exists."""
    if not caller.may_read(product):
        raise out_of_scope("The token is for other products only", scope)


SalesCaller = Annotated[Caller, Security(Bearer(SALES_READ))]
RatingsCaller = Annotated[Caller, Security(Bearer(RATINGS_READ))]
ProductId = Annotated[
    str,
    Path(
        description="Id of the product: 0 to 2^63 - 1 in plain digits.",
        examples=["3"],
        json_schema_extra={"pattern": "^(0|[1-9][0-9]{0,18})$"},
    ),
]
