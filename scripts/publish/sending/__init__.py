"""Records come in; they are sent to Kafka, and what Kafka acknowledged of them, and where, goes out.

`publisher` and `single_run` use it; tests and benchmarks import `send`.

records            what is sent
producer_settings  the settings of Kafka's client
delivery           what Kafka acknowledged, and where; whether Kafka is silent
interrupt          Ctrl-C and SIGTERM -> an orderly end of the sending
send               records -> Kafka
"""
