"""Products by their names."""

from typing import Final

from fastapi import Response

from api.auth.access import RATINGS_READ, SALES_READ
from api.reads.names.search import Search
from api.web.bodies.found_products import FoundProducts, found_products, found_products_csv
from api.web.direct_routes import Resource
from api.web.negotiation import FORMAT, json_or_csv
from api.web.parameters import Text, Whole
from api.web.problems import Problem, bad_parameter, limited_to_others
from api.web.requests import ListedProducts, ListRequest
from shared.events import MAX_PRODUCT_ID
from shared.name_key import name_key

MOST_NAME: Final = 200
"""Characters of a text to find. A name has up to 256: with half, names could not be pasted into a search as they are
printed; twice as many would find no more."""
MOST_LISTED: Final = 100
"""Products on a page, as many as one request may ask sums of. A page of twice as many would take twice as long, and
of half as many take two requests to fill a list."""

NAME: Final = Text(
    "name",
    MOST_NAME,
    description="What the product's latest name begins with; capital and small letters are the same, and so are forms "
    "of one letter. Without it, all products are listed.",
    example="pro",
)
LIMIT: Final = Whole("limit", 1, MOST_LISTED, description="The most products on a page.", example="20", default=20)
AFTER: Final = Whole(
    "after",
    0,
    MAX_PRODUCT_ID,
    description="The product that the page before ended with: its `next`. The list goes on behind the place that this "
    "product has at present.",
    example="17",
)

resource = Resource("products")


@resource.get(
    "/api/product",
    ListedProducts(SALES_READ, RATINGS_READ, any_of=True),
    operation_id="searchProducts",
    summary="Products by the beginning of their names",
    parameters=(NAME, LIMIT, AFTER, FORMAT),
    model=FoundProducts,
    example={"products": [{"id": 3, "name": "Chair", "category": "Furniture"}], "next": None},
    csv_example="id,name,category\r\n3,Chair,Furniture\r\n",
)
async def search_products(request: ListRequest) -> Response:
    """Products whose latest name begins with a text, whatever its case, in the order of their names; a page at a time.

    The latest name is that of the newest event; a product is not found by a name that it had before. A page may have
    fewer products than `limit`, or none, and a `next` all the same: where many products had such a name before. A token
    that is limited to products finds these alone.
    """
    name, after = request.query.get(NAME), request.query.get(AFTER)
    if after is not None and request.products is not None and after not in request.products:
        raise limited_to_others(SALES_READ, RATINGS_READ)
    search = Search(name_key(name or ""), request.query[LIMIT], after, request.products)
    page = await request.services.search.page(search)
    if page is None:
        raise _without_place(after, name)
    return json_or_csv(
        request.http,
        request.query,
        "products",
        lambda: found_products(page.products, page.next),
        lambda: found_products_csv(page.products),
        page.as_of,
    )


def _without_place(after: int | None, name: str | None) -> Problem:
    """The answer 400 to an `after` that is none of the products found, so that nothing is behind it."""
    what = f"{after}, which is no product" if name is None else f"{after}, which is no product with such a name"
    return bad_parameter(AFTER.name, what, "the next of a page of this list; begin again without it")
