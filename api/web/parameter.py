"""What every kind of query parameter has: a name, what OpenAPI says of it, and a way to read a value."""

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from api.web.problems import Problem, bad_parameter, quoted

Value = TypeVar("Value")


class Parameter(ABC, Generic[Value]):
    """One query parameter, whose values an endpoint gets as `Value`.

    `description` and `example`, a value as it stands in a query, are what OpenAPI shows. A request that leaves the
    parameter out gets `default`; it gets 400 if the parameter is `required`.
    """

    def __init__(
        self, name: str, *, description: str, example: str, default: Value | None = None, required: bool = False
    ) -> None:
        self.name = name
        self.description = description
        self.example = example
        self.default = default
        self.required = required

    @property
    @abstractmethod
    def allowed(self) -> str:
        """The values that are allowed, in words that follow "must be"."""

    @property
    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of a value."""

    @abstractmethod
    def read(self, text: str) -> Value:
        """The value that `text` spells, which is decoded and not empty. Raises Problem (400)."""

    def refused(self, given: str, why: str = "", *, wanted: str = "") -> Problem:
        """The answer 400 to a value that is not allowed. `why` says what is wrong where that is not seen at once.

        `wanted` follows "must be", as `allowed` does, where another parameter decides what is allowed.
        """
        return bad_parameter(self.name, quoted(given) + why, wanted or self.allowed)

    def misplaced(self, given: str, other: str) -> Problem:
        """The answer 400 to a value that has no meaning beside `other`, which the query says too, as `by=units`."""
        return self.refused(given, f", which does not go with {other}", wanted="left out there")

    def documented(self) -> dict[str, Any]:
        """What OpenAPI says of the parameter."""
        default = {"default": self.default if isinstance(self.default, int) else str(self.default)}
        return {
            "name": self.name,
            "in": "query",
            "required": self.required,
            "description": self.description,
            "schema": self.schema if self.default is None else self.schema | default,
            "example": int(self.example) if self.schema["type"] == "integer" else self.example,
        }
