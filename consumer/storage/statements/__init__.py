"""Increments of one aggregate -> the BSON that changes or begins its document: encoded statements of MongoDB's `update`
command, and encoded documents for its `insert` command. Pure.

The plan (`consumer.storage.plan`) decides which of the two a product or an hour gets, and `scripts.dead_letters` makes
upserts of replayed events. Encoding is by hand, because where every event is about another product there are two
statements an event, and encoding nested dicts would cost more than all the rest. A test compares each statement with a
dict that says the same.

    bson_parts   BSON elements, and the frame of an upsert
    bins         ratings by bin, as fields
    rollups      the fields of sums, and a product's hours: `rollups`
    totals       hours and minutes over all products: `totals`
    products     a product's ratings, names and first time: `products`
    recent_sums  what a batch adds, by product and minute: `recent_sums`
"""
