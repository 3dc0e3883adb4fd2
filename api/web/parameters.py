"""Query parameters as data: what a route takes, how each value is read, what OpenAPI says of it.

A parameter is declared once, as a constant, and given to each route that takes it:

    WINDOW = Choice("window", Window, description="The span of time.", example="24h", default=Window.HOUR)
    LIMIT = Whole("limit", 1, 100, description="The most rows.", example="10", default=10)

    @resource.get("/api/product/top", ListedProducts(SALES_READ), parameters=(WINDOW, LIMIT), ...)
    async def top(request: ListRequest) -> Response:
        window, limit = request.query[WINDOW], request.query[LIMIT]     # a Window, an int

A value has one spelling, as a product's id in a path has: `10`, and never `010` or `+10`. Whatever else is given is
answered with 400, which says what was given and what is allowed. api/web/query.py reads the query string.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from api.reads.spans.zones import zone, zone_names
from api.web.parameter import Parameter
from shared.events import MAX_PRODUCT_ID

MAX_IDS: Final = 100
"""Products that one request may name. A batch of them is to cost at most five times what one product costs; with twice
as many the address would have 4 kB, half of what nginx takes; half as many would not fill a page of a catalogue."""
_PLAIN_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)

Chosen = TypeVar("Chosen", bound=StrEnum)


class Choice(Parameter[Chosen]):
    """One of the texts of an enumeration."""

    def __init__(
        self,
        name: str,
        choices: type[Chosen],
        *,
        description: str,
        example: str,
        default: Chosen | None = None,
        required: bool = False,
    ) -> None:
        super().__init__(name, description=description, example=example, default=default, required=required)
        self._choices = {choice.value: choice for choice in choices}

    @property
    def allowed(self) -> str:
        """See Parameter."""
        return either(self._choices)

    @property
    def schema(self) -> dict[str, Any]:
        """See Parameter. Generators of clients name their constants by `x-enum-varnames`, as HOUR for `1h`."""
        names = [choice.name for choice in self._choices.values()]
        return {"type": "string", "enum": list(self._choices), "x-enum-varnames": names}

    def read(self, text: str) -> Chosen:
        """See Parameter. Small and capital letters differ, as in every value."""
        choice = self._choices.get(text)
        if choice is None:
            raise self.refused(text)
        return choice


class Whole(Parameter[int]):
    """A whole number from `least`, 0 or more, to `most`, in plain digits."""

    def __init__(
        self,
        name: str,
        least: int,
        most: int,
        *,
        description: str,
        example: str,
        default: int | None = None,
        required: bool = False,
    ) -> None:
        super().__init__(name, description=description, example=example, default=default, required=required)
        self._least, self._most = least, most

    @property
    def allowed(self) -> str:
        """See Parameter."""
        return f"a whole number from {self._least} to {self._most} in plain digits"

    @property
    def schema(self) -> dict[str, Any]:
        """See Parameter."""
        return {"type": "integer", "minimum": self._least, "maximum": self._most}

    def read(self, text: str) -> int:
        """See Parameter."""
        number = plain_number(text)
        if number is None or not self._least <= number <= self._most:
            raise self.refused(text)
        return number


class Ids(Parameter[tuple[int, ...]]):
    """Ids of up to `MAX_IDS` different products, with commas between them, in the order of the request.

    OpenAPI calls it one text and no list: generators of clients differ in how they write a list into an address.
    """

    @property
    def allowed(self) -> str:
        """See Parameter."""
        return f"1 to {MAX_IDS} different ids of products, with commas between them, as in 1,2,3"

    @property
    def schema(self) -> dict[str, Any]:
        """See Parameter."""
        number = "(0|[1-9][0-9]{0,18})"
        return {"type": "string", "pattern": f"^{number}(,{number}){{0,{MAX_IDS - 1}}}$"}

    def read(self, text: str) -> tuple[int, ...]:
        """See Parameter."""
        parts = text.split(",")
        if len(parts) > MAX_IDS:
            raise self.refused(text, f", with {len(parts)} ids")
        ids: dict[int, None] = {}
        for part in parts:
            number = plain_number(part)
            if number is None or number > MAX_PRODUCT_ID:
                raise self.refused(part)
            if number in ids:
                raise self.refused(text, f", which names {number} twice")
            ids[number] = None
        return tuple(ids)


class Zone(Parameter[ZoneInfo]):
    """A zone of the tz database, by its name."""

    @property
    def allowed(self) -> str:
        """See Parameter."""
        return "the name of a zone in the tz database, as Europe/Berlin, Asia/Kolkata or UTC"

    @property
    def schema(self) -> dict[str, Any]:
        """See Parameter."""
        return {"type": "string"}

    def read(self, text: str) -> ZoneInfo:
        """See Parameter. `+` means a space in a query, so `Etc/GMT+5` must be sent as `Etc/GMT%2B5`."""
        if text in zone_names():
            return zone(text)
        plus = text.replace(" ", "+")
        raise self.refused(text, ", and a + is written %2B in a query" if plus in zone_names() else "")


class Text(Parameter[str]):
    """Any text of 1 to `most` characters without control characters, such as the beginning of a name."""

    def __init__(self, name: str, most: int, *, description: str, example: str, required: bool = False) -> None:
        super().__init__(name, description=description, example=example, required=required)
        self._most = most

    @property
    def allowed(self) -> str:
        """See Parameter."""
        return f"text of 1 to {self._most} characters, none of them a control character"

    @property
    def schema(self) -> dict[str, Any]:
        """See Parameter."""
        return {"type": "string", "minLength": 1, "maxLength": self._most}

    def read(self, text: str) -> str:
        """See Parameter."""
        if len(text) > self._most:
            raise self.refused(text, f", with {len(text)} characters")
        if any(character < " " or "\x7f" <= character < "\xa0" for character in text):
            raise self.refused(text)
        return text


def plain_number(text: str) -> int | None:
    """The number that `text` spells in plain digits, at most 19 of them; None for every other spelling."""
    return int(text) if _PLAIN_NUMBER.fullmatch(text) else None


def either(choices: Iterable[str]) -> str:
    """The choices in words: `15m, 1h or 24h`."""
    *others, last = choices
    return f"{', '.join(others)} or {last}" if others else last
