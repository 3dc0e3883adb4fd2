"""A rejected message comes in, or its wrong value; sentences for the person who mends the producer go out. Pure.

`decode`, `slow_path` and `time_limits` call these functions once a message is rejected: an accepted event pays nothing
for them. A detail says what was found, where, which rule it breaks, what is allowed, and the likely cause where there
is one. It is ASCII in one line, has at most `quoting.LONGEST_DETAIL` characters, and takes time linear in the message.

    quoting          a piece of a message -> a quotation: cut, in ASCII, in one line
    places           a position in a message's text -> its byte, its path, its depth
    contents         bytes or text -> whether they are JSON themselves
    schema_frames    bytes that begin with a schema registry's frame, or with their own length -> what follows
    binary           bytes that are no text -> the format that they look like
    text_forms       text that is no JSON -> the form that it looks like: XML, CSV, base64, Python's repr
    syntax_causes    what stands where JSON expects something else -> why
    syntax           the position of an error in JSON -> what is wrong there
    not_json         a message that is no JSON -> the sentences of the three above
    spelling         a name -> the name of the contract that is near by its spelling
    inside           parsed JSON -> where in it the event seems to be
    whole_message    a message without an event's name, with another name, or no object at all -> what it is instead
    written_numbers  a text such as "2,500.00" -> the number that it probably means
    numbers          a value that is no integer, no amount or no rating -> why
    iso_times        a text that is nearly an RFC 3339 date and time -> what is wrong, and the text to send
    moments          a value that is no RFC 3339 date and time -> why, and the same moment as it should be written
    wrong_value      a field and its wrong value -> the detail
"""
