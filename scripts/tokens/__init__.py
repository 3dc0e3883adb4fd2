"""Makes tokens of the API, and lists, shows, revokes, rotates and deletes their records.

In come the API's settings, with the key that signs, and what a person typed. Out go a token, printed once, and changed
records in `api_tokens`. It uses the API's own modules for keys and records. No other program imports from this package.

__main__        the commands and their options
token_records   the records: found by name or id, made, ended, deleted
display         records -> a table for a person, JSON for a program
"""
