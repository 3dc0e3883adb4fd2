"""Reads what the dashboard asks for: sales of the last hour, ratings over all time, and how recent both are.

In come product ids, gathered from concurrent requests by a `BatchingReader`. Out go `Sales` and `Rating`: sums as whole
numbers (millionths of the currency unit, hundredths of a rating point) and the as-of, the time up to which they are
complete. `api.services` makes the readers, `api.routes` asks them, and `api.auth` reads its records of tokens through
`MongoReader` and `BatchingReader`. This package imports none of those three.

Who reads which collection, and in which order:

    one query of SalesReader.of_products, for up to 200 products
        1. partitions, partition_status, maintenance   the as-of and the schema's version, at most once a second
        2. rollups                                     the sums of the window's three hours, one `_id` range a product
        3. events_YYYYMMDD                             the minute that the window starts in, second by second: only for
                                                       products that sold in it, only when that count has changed
        4. products                                    whether products without a rollup exist (total 0) or not (404)
    SalesReader.of_all                                 1., then `totals`
    RatingsReader.of_products                          1., then `products`
    SearchReader.page                                  1., then the index of names, then `products` of what was found;
                                                       rollups and raw events of those whose partitions disagree

    one call of the other readers              1., then, all as it was at one moment (read concern `snapshot`),
        2. rollups and rollup_days                     by one aggregation, the sums between the *cuts* of the question;
                                                       over all products, `totals` and `total_days`
        3. events_YYYYMMDD                             cut minutes with events, or the newest event, or ratings by bin
        4. products                                    names, ratings; whether products without events exist

The as-of is read first, so an answer is at least as recent as it says: an event that a consumer commits between 1. and
2. is in the sums and later than the as-of, which does no harm. Rollups come before raw events because they say which
products need them: most answers stop after 2.

    window      what the last hour consists of: hours, ten-minute blocks, minutes, and seconds of one minute
    queries     what MongoDB is asked, as documents; pure
    database    MongoReader: runs a query, measures it, turns the driver's errors into DatabaseUnavailable
    batching    BatchingReader: concurrent requests share one query
    freshness   Freshness: the as-of
    known       KnownProducts: which products exist
    sales       SalesReader
    ratings     RatingsReader

    sums        Sums: the five sums, as whole numbers

What dashboards ask for beside the last hour, each in a package that says its modules:

    spans/      sums between any cuts: windows, comparisons, series
    products/   what is known of single products
    names/      search by the beginning of names
    top/        the first products of all, from sums that an instance keeps up to date
"""
