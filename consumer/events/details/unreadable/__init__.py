"""Bytes that are no JSON come in; what they are instead, and where they go wrong, go out.

`slow_path` calls `not_json`, and `inside` and `whole_message` ask `text_forms` what a text within a message looks like.

    schema_frames    bytes that begin with a schema registry's frame, or with their own length -> what follows
    binary           bytes that are no text -> the format that they look like
    text_forms       text that is no JSON -> the form that it looks like: XML, CSV, base64, Python's repr
    syntax_causes    what stands where JSON expects something else -> why
    syntax           the position of an error in JSON -> what is wrong there
    not_json         a message that is no JSON -> the sentences of the files above
"""
