"""Checks that each event id counted once, as far back as ids are complete.

In: raw events that have an id, `event_ids`, and dead letters that were rejected for their id. Out: findings. The files
above this package may call it; it calls `reading` and `findings`.

places    where an event with an id is stored, in the documents that say so
check     the events of a day against `event_ids`, and the other way round
letters   dead letters against the events that they name as the first ones
"""
