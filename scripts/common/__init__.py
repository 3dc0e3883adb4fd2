"""What several commands share: how an error ends a command, and a session for transactions.

Only commands under `scripts` call it. It prints messages for a person and raises `typer.Exit`; it decides nothing about
events, offsets or tokens. The API's image holds `errors` alone, since the others need packages that it lacks.

errors          exceptions -> a line for a person and an exit code
kafka_clients   a KAFKA_ setting that Kafka's client does not take -> ConfigurationError
sessions        the one session of a command that writes in transactions, and how it runs one
"""
