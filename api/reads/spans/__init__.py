"""Sums of events between cuts in time: windows, comparisons with the time before, and series by a zone's calendar.

In come a window or a step of the calendar, the products, and the moment. Out go sums as whole numbers with the span
that they are of. `api.dashboard` makes the readers, `api.routes` asks them. In the order in which a question passes:

    windows         Window: how far back an answer looks
    zones           the zones of the tz database
    calendar        the buckets of a series: how a zone's calendar divides time; pure
    window_sums     WindowReader: sums of windows, of one product, of several, of all
    comparison      ComparisonReader: a window beside the time before
    series          SeriesReader
    answers         SpanAnswers: how those three read
    reader          SpanReader: sums between any cuts, of any products
    division        Division: which cells of which documents make up the buckets between cuts; pure
    pipelines       what MongoDB is asked, as aggregations; pure
    bucket_rows     how few buckets are asked for, and how their rows are read: a row is a product's whole answer; pure
    unit_rows       the same for many buckets: a row is a unit of a product; pure
    cut_minutes     CutMinutes: the seconds of products' cut minutes, from the raw events
"""
