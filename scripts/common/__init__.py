"""What several commands share: how they print, ask and end, how they read times and damaged documents, and a session.

Only commands under `scripts` and the stack's drivers call it. It decides nothing about events, offsets or tokens. The
API's image holds the files down to `errors`; the others need packages that it lacks.

text            any text -> one visible line: what cannot be seen is escaped
console         standard output and error: literal text, whole tables, JSON; everything that is printed passes it
commands        a Typer application whose wrong usage is reported by that console
confirmation    a question before something is changed for good, or `--yes`
times           times, also those that are no dates -> text
documents       documents that others may have damaged -> something to show for each
errors          exceptions -> a line for a person and an exit code
contents        the bytes of a message -> text for a person, base64 for a program
fates/          a place in Kafka, such as `7@9908` -> what became of its message, and a sentence that says so
kafka_clients   a KAFKA_ setting that Kafka's client does not take -> ConfigurationError
sessions        the one session of a command that writes in transactions, and how it runs one
"""
