"""Headers of a request, as ASGI gives them."""

from starlette.types import Scope


def values(scope: Scope, name: bytes) -> list[str]:
    """What each header of this name says; `name` is in small letters."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]
