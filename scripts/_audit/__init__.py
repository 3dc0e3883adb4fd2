"""What `python -m scripts.audit` compares, one concept a module; it shares no code with the consumer that it checks.

findings    what was found wrong, and what cannot be judged
sums        five sums in one integer
raw         stored events -> numbers, straight from BSON
offsets     which offsets were seen, in bounded memory
snapshot    reads of one moment
levels      a document of an aggregate -> its sums by path
day         one day's events against its rollups and totals
totals      the day's sums over all products
products    all days' ratings against `products`
ledger      offsets and dead letters against `partitions`
kafka       what Kafka says of offsets that are missing
repair      sums rebuilt while consumers run
compare     another group's database
outcome     what it came to, for programs and for people
reconcile   all of it, in order
"""
