"""What must hold after, and during, every fault.

- `contents`: each message is stored as it was published
- `event_ids`: of the events with one id one counted, and each other one names it
- `behaviour`: no consumer failed, or halted unasked; what Kafka was committed is never ahead of MongoDB
- `audit`: the operators' own audit finds nothing
- `answers`: the API answers what the published events add up to
- `month`: meanwhile, the API's answers about 30 days equal the raw events
- `ownership`: which consumer has which partition
- `stalls`: how long nothing was written though there was something to read
"""
