"""What `python -m scripts.audit` compares, one concept a module; it shares no code with the consumer that it checks.

findings       what was found wrong, and what cannot be judged
shapes         what documents must look like
sums           five sums in one integer
raw            stored events -> numbers, straight from BSON
offsets        which offsets were seen, in bounded memory
snapshot       reads of one moment
records        `partitions` and `rejected_events`
census         which aggregates there are, and which are malformed
calendar       which days there are
levels         a document of an aggregate -> its sums by path
differences    documents whose sums are not those of the events
day            one day's events against its rollups and totals
totals         the day's sums over all products
products       all days' ratings, first and newest events
names          names that `products` tells, against those events
product_check  all of `products` against both
ledger         offsets and dead letters against `partitions`
promises       what `partitions` promises, against the ledger
replays        replayed dead letters and their events
kafka          what Kafka says of offsets that are missing
repair         sums rebuilt while consumers run
rebuild        a product's document from its events
compare        another group's database
outcome        what it came to, for programs and for people
show           what a person sees meanwhile
reconcile      all of it, in order
"""
