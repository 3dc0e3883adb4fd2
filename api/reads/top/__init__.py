"""The first products by what they sold or how they were rated, out of 100,000 (ADR 22). `TopReader` comes out; the
services make it, and a route asks it.

An instance that is asked for tops keeps *boards*: the sums of one measure over one window, of every product. A board is
loaded once, at one moment, and from there on follows what each batch adds, which consumers leave in `recent_sums`. All
sums are whole numbers, so a board is exact; only of the minute in which a window begins does it not know which second
each event had, and reads the raw events of those products that may be among the first. Whatever a board cannot be sure
of makes it begin anew, and meanwhile there is no answer rather than a wrong one. In the order in which data pass:

    measures     what products are ranked by, as numbers that add up and numbers that compare
    minute       one minute's sums of many products, in little memory
    questions    what is asked of MongoDB, as documents
    source       asks it
    board        the sums of one measure and window, by product
    shortlist    the products that may be among the first
    loading      a board at one moment
    catching_up  adds to a board what batches have added since, or finds that it must begin anew
    slot         the boards of one measure and window: which of them answers, and which is wanted
    shelf        the boards of a process: loads what is wanted, and forgets what nobody asks for
    view         a board as it answers at one second
    following    brings boards up to date twice a second, while somebody asks
    cut_seconds  the seconds of the minute in which a window begins
    ranking      who the first products are
    reader       a request's answer
"""
