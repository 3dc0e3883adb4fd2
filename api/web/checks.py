"""What the checks of all requests for data have in common: the token, its scopes, and the route's query parameters."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from typing import Any, Final, Generic, Self, TypeVar

from fastapi import Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from api import headers
from api.auth.access import RATINGS_READ, SALES_READ, ExpiredToken, WrongAddress
from api.auth.records import Caller
from api.auth.tokens import InvalidToken
from api.services import Services
from api.web.parameter import Parameter
from api.web.problems import expired_token, limited_to_others, no_scope_of, no_token, scope_missing, wrong_address
from api.web.query import QueryReader

_ABOUT_TOKENS: Final = (
    f"A token made by `python -m scripts.tokens issue`. Scopes: `{SALES_READ}` for sales, `{RATINGS_READ}` for ratings."
)

Checked = TypeVar("Checked")


class RequestChecks(SecurityBase, ABC, Generic[Checked]):
    """Makes one kind of `Checked` request for the routes that need `scopes`: all of them, or any one if `any_of`.

    FastAPI takes an instance as a dependency, `Security(OneProduct(SALES_READ))`. It documents the security scheme by
    `model` and `scheme_name`, and the path's parameters by the signature of the subclass's `__call__`.
    """

    def __init__(self, *scopes: str, any_of: bool = False) -> None:
        self.model = HTTPBearer(bearerFormat="JWT", description=_ABOUT_TOKENS)
        self.scheme_name = "token"
        self.scopes = scopes
        self.any_of = any_of
        self._needed = frozenset(scopes)
        self._query = QueryReader()

    def taking(self, parameters: Sequence[Parameter[Any]]) -> Self:
        """The same checks for a route that takes these query parameters. Without them, a query is answered with 400."""
        made = copy(self)
        made._query = QueryReader(parameters)
        return made

    @property
    def parameters(self) -> tuple[Parameter[Any], ...]:
        """The query parameters that the route takes."""
        return self._query.parameters

    @abstractmethod
    async def __call__(self, *args: Any, **path_parameters: Any) -> Checked:
        """Check the request, given the parameters of its path.

        Raises Problem (400, 401, 403 or 404), or DatabaseUnavailable when MongoDB does not give the token's record.
        """

    async def _caller(self, request: Request, services: Services) -> Caller:
        """Find out who asks. Raises Problem (401 or 403) or DatabaseUnavailable."""
        try:
            caller = await services.access.caller(_token(request), request.scope)
        except ExpiredToken as expired:
            raise expired_token(expired.ended_at) from None
        except InvalidToken:
            raise no_token(given=True) from None
        except WrongAddress:
            raise wrong_address() from None
        if not self._needed <= caller.scopes:
            self._check_scopes(caller)
        return caller

    def _check_scopes(self, caller: Caller) -> None:
        """Raise Problem (403) for a token without the scopes."""
        if not self.any_of:
            raise scope_missing(*(scope for scope in self.scopes if scope not in caller.scopes))
        if not self._needed & caller.scopes:
            raise no_scope_of(*self.scopes)

    def _check_limit(self, caller: Caller, product: int | None) -> None:
        """Raise Problem (403) when the token is for other products only, whether or not this product exists."""
        if not caller.may_read(product):
            raise limited_to_others(*self.scopes)


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
