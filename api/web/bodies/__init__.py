"""The bodies of answers for dashboards, a file for each resource: what api/reads found comes in, bytes go out.

Each file has the functions that write bodies and the pydantic models that describe them in OpenAPI. Numbers are written
from whole numbers and never from a float, so an answer is as exact as the sums in MongoDB. The bodies of the answers
about the last hour and about ratings over all time are in api/web/responses.py.

    texts       amounts, ratings, ratios and times as text
    sales       totals of windows, of several products, compared with the time before
    ratings     distributions
    products    what is known of a product
    found_products  a page of what a search found
    series      curves
"""
