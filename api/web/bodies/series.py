"""Bodies of series: curves of sales and of ratings, as JSON and as the rows of a table."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, Field

from api.reads.ratings import half_even
from api.reads.spans.calendar import Step, local
from api.reads.spans.series import Course, Point, Series
from api.reads.spans.window_sums import Span
from api.reads.sums import Sums
from api.web.bodies.texts import amount_text, rating_text

PointModel = TypeVar("PointModel", bound=BaseModel)


class SalesPoint(BaseModel):
    """Sales of one bucket."""

    at: datetime = Field(
        description="When the bucket begins, with the zone's offset.", examples=["2026-11-30T14:00:00+01:00"]
    )
    amount: float = Field(description="Sum of the amounts, exact.", examples=[249.9])
    units: int = Field(ge=0, description="Units sold.", examples=[3])
    sales: int = Field(ge=0, description="Number of sales.", examples=[2])
    partial: bool = Field(description="Whether the bucket is still in progress: the last one is.")


class RatingPoint(BaseModel):
    """Ratings of one bucket."""

    at: datetime = Field(
        description="When the bucket begins, with the zone's offset.", examples=["2026-11-30T14:00:00+01:00"]
    )
    average: float | None = Field(
        ge=0, le=5, description="Rounded half-even to two decimals; null without ratings.", examples=[4.5]
    )
    ratings: int = Field(ge=0, description="Number of ratings.", examples=[2])
    partial: bool = Field(description="Whether the bucket is still in progress: the last one is.")


class _SeriesModel(BaseModel, Generic[PointModel]):
    from_: datetime = Field(alias="from", description="When the first bucket begins.")
    to: datetime = Field(description="When the last bucket ends.")
    step: Step = Field(description="The length of a bucket; one ends early where the zone's clocks are set within it.")
    tz: str = Field(description="The zone whose calendar divides the time.", examples=["Europe/Berlin"])
    points: list[PointModel] = Field(description="The buckets, oldest first; one without events has zeros.")
    previous: list[PointModel] | None = Field(
        default=None, description="As many buckets before `from`. There only with `compare=previous`."
    )


class SalesSeries(_SeriesModel[SalesPoint]):
    """A curve of sales."""


class RatingSeries(_SeriesModel[RatingPoint]):
    """A curve of ratings."""


class Columns(NamedTuple):
    """The numbers of a point: their names, and their values as text, in the same order. None is no value."""

    names: Sequence[str]
    values: Callable[[Sums], Sequence[str | None]]


def _sales(sums: Sums) -> Sequence[str | None]:
    return amount_text(sums.amount), str(sums.units), str(sums.sales)


def _ratings(sums: Sums) -> Sequence[str | None]:
    average = rating_text(half_even(sums.rating_sum, sums.ratings)) if sums.ratings else None
    return average, str(sums.ratings)


SALES: Final = Columns(("amount", "units", "sales"), _sales)
RATINGS: Final = Columns(("average", "ratings"), _ratings)


def series_body(columns: Columns, course: Course, series: Series) -> bytes:
    """`{"from": "…", "to": "…", "step": "1h", "tz": "UTC", "points": [{"at": "…", "amount": 7, …}, …]}`."""
    begin, end = (local(second, course.zone).isoformat() for second in (series.begin, series.end))
    head = f'"from": "{begin}", "to": "{end}", "step": "{course.step}", "tz": "{course.zone.key}"'
    body = f'{head}, "points": [{_points(columns, course, series.points, ends_partial=True)}]'
    if series.previous is not None:
        body += f', "previous": [{_points(columns, course, series.previous, ends_partial=False)}]'
    return f"{{{body}}}".encode()


def series_columns(columns: Columns) -> Sequence[str]:
    """The names of a table's columns."""
    return "at", *columns.names, "partial"


def series_rows(columns: Columns, course: Course, series: Series) -> Iterator[Sequence[Any]]:
    """The rows of a table: the buckets before, if they were asked for, then the points, oldest first."""
    for point in (*(series.previous or ()), *series.points):
        partial = point is series.points[-1]
        yield local(point.begin, course.zone).isoformat(), *columns.values(point.sums), partial


def span_of(series: Series) -> Span:
    """From the first bucket's begin to the end of the last."""
    return Span(series.begin, series.end)


def _points(columns: Columns, course: Course, points: Sequence[Point], *, ends_partial: bool) -> str:
    written = []
    for number, point in enumerate(points, 1):
        values = zip(columns.names, columns.values(point.sums), strict=True)
        numbers = ", ".join(f'"{name}": {"null" if value is None else value}' for name, value in values)
        partial = "true" if ends_partial and number == len(points) else "false"
        written.append(f'{{"at": "{local(point.begin, course.zone).isoformat()}", {numbers}, "partial": {partial}}}')
    return ", ".join(written)
