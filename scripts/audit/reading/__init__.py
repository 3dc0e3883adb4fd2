"""Reads MongoDB as it was at one moment, and turns what it reads into numbers.

In: the database. Out: documents, packed sums and lists of days; findings about documents that cannot be read as what
they should be. Every other package of the audit may call this one; it calls none of them and knows `findings` alone.

snapshot         reads of one moment
shapes           what `_id`s and documents must look like before their fields are read
packed_sums      the five sums of an aggregate as one integer
raw_events       a day's events as numbers, straight from MongoDB's BSON
aggregate_ids    the `_id`s of all aggregates: malformed ones, unknown partitions, how many a day has
calendar         which days have events, which were dropped by retention, which are missing
"""
