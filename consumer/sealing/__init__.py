"""Folds the sums of old days into sealed days, and deletes the hours and minutes that it folded.

In: the partitions that Kafka's group gave to this process, and how long a day stays unsealed. Out: documents of
`rollup_days` and `total_days`, and fewer of `rollups` and `totals`. Only `consumer.__main__` calls it; its thread
shares nothing with the batches.

A day is sealed by transactions that add to its sealed document what they delete from its hours. So the sum of both is
the same before and after, whoever is killed wherever, and no lock is held by anybody: where two consumers fold the same
hour, or a late event changes it meanwhile, MongoDB lets one of the transactions commit, and the other runs again or
waits for the next round. docs/adr/0020-sealed-days.md has the proof and the measurements.

Files, in the order in which data pass:

duty          the thread: when a round is due, and which share of time it takes
seal_round    one round: everything that is due, a few documents at a time
due           which documents are due: their `_id`s, read from the index alone
transactions  some hours added to their days and deleted, in one transaction
day_sums      hours -> quarter hours of a day, in whole numbers, with a check of what is stored
"""
