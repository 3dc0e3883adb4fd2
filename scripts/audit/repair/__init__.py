"""Makes sums right that an audit found wrong, from the raw events, while consumers run.

In: the `Difference` of each document of `rollups` or `totals` that is wrong, and the key of each product that is. Out:
the documents, written in transactions; counts of what was repaired, and what was left as it is and why. Only the files
above may call this package, `reconcile` and `result`; it calls `sums`, `products` and `reading`.

guards              the document that everybody changes first who writes a partition's sums
missing_sums        what a document lacks, added to what it holds by now
product_document    a document of `products` made anew from its events
transactions        writes both, in transactions that no consumer's batch can interleave with
"""
