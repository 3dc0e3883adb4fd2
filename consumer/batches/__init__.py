"""Many messages -> what one transaction will add. `Taken` messages come in, a `Batch` of sums and dead letters goes
out.

The pipeline fills batches on the polling thread and hands them to `storage`, which may ask a batch for a part of
itself. Nothing here waits or asks MongoDB; what is written, a batch knows from its leases.

    batch        the messages of one transaction, and how large it may become
    increments   events -> sums by product and minute, and by second over all products
    sums         sums of short spans -> sums of longer ones
"""
