"""One Kafka message: its bytes come in, an event with the bytes that MongoDB stores, or a rejection, goes out.

Nothing here knows partitions, batches or MongoDB, and nothing waits or writes; `batches` calls `judge`, and the scripts
call `decode` and `Encoder`. In the order in which a message passes:

    message          what the client's Message holds: key, headers, time, and how many bytes all of it takes
    decode           some messages -> accepted events with their documents, and rejections; the fast path of one message
    time_limits      which times an event may have happened at, and what is said of others
    slow_path        a message that the fast path does not recognise: the word of the models of `shared.events`
    details          what is said of a rejected message, in words for the person who mends its producer
    unknown_fields   fields that the contract does not name, made storable as BSON
    identity         an event and its id -> the fingerprint by which a second one like it is known
    exact_json       unknown fields that BSON cannot hold, as JSON text with every digit
    nesting          how deep a message nests
    event            Sold and Rated
    rejection        a reason and a detail
    encode           an event -> the BSON document of `events_YYYYMMDD`
"""
