"""One batch -> MongoDB: its increments come in, statements are planned, and one transaction runs them.

The pipeline calls `prepare` on the polling thread and `Committer.commit` on the database thread. What is
written is decided by pure functions (`prepare`, `plan`); the transaction reads, runs and commits. In the order in which
a batch passes:

    preparation   what can be computed before MongoDB is asked anything
    committer     the attempts at a batch's transaction, and what a mismatch means
    transaction   one attempt: moves the offsets, reads, runs the plan's statements, commits
    reading       what the plan has to know of what MongoDB holds
    memory        the products that this process has written, which need not be read
    plan          what to insert and what to update, given what is stored
    statements/   increments -> encoded statements and documents
    commands      statements -> commands of the wire protocol
    refusals      which events of a day a validator refuses
"""
