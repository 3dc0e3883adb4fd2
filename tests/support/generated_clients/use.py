"""Uses the package that openapi-python-client makes. Prints one JSON object, which the test compares.

It runs in the generator's environment, where the package `product_analytics` lies beside it.
"""

# mypy: ignore-errors

import json
import os

from product_analytics import AuthenticatedClient
from product_analytics.api.ratings import get_product_rating
from product_analytics.api.sales import get_product_sales, get_sales
from product_analytics.api.series import get_sales_series
from product_analytics.models import GetSalesSeriesStep, GetSalesSeriesWindow

with AuthenticatedClient(base_url=os.environ["API_HOST"], token=os.environ["API_TOKEN"]) as client:
    series = get_sales_series.sync(
        client=client, window=GetSalesSeriesWindow.DAY, step=GetSalesSeriesStep.HOUR, tz="Europe/Berlin"
    )
    answers = {
        "sales": get_product_sales.sync("3", client=client).total,
        "all": get_sales.sync(client=client).total,
        "rating": get_product_rating.sync("3", client=client).average_rating,
        "points": len(series.points),
        "problem": get_product_rating.sync("5", client=client).type_,
    }
    print(json.dumps(answers))  # noqa: T201
