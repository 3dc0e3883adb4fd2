"""Compares every document of `products` with the raw events: ratings, times and names.

In: what the events of all days say of each product, which the day check collects. Out: findings, and a call for each
product whose document is wrong, so that the repair can make it anew. The day check, the repair and the files above them
may call this package; it calls `reading` and `findings`.

product_sums           what the raw events say of a product in a partition
product_differences    a stored document against that
names                  the names that a document keeps of its newest events, against those events
check                  all documents, one after another
"""
