"""A rejected message comes in, or its wrong value; sentences for the person who mends the producer go out. Pure.

`decode`, `slow_path` and `time_limits` call these functions once a message is rejected: an accepted event pays nothing
for them. A detail says what was found, where, which rule it breaks, what is allowed, and the likely cause where there
is one. It is ASCII in one line, has at most `quoting.LONGEST_DETAIL` characters, and takes time linear in the message.

    quoting          a piece of a message -> a quotation: cut, in ASCII, in one line
    places           a position in a message's text -> its byte, its path, its depth
    contents         bytes or text -> whether they are JSON themselves
    spelling         a name -> the name of the contract that is near by its spelling
    inside           parsed JSON -> where in it the event seems to be
    unreadable/      bytes that are no JSON -> what they are instead, and where they go wrong
    values/          a field and its wrong value -> why, and what to send instead
    whole_message    a message without an event's name, with another name, or no object at all -> what it is instead
"""
