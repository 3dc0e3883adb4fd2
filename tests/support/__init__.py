"""What the tests stand on: real servers, real processes of this project, and independent models of its promises.

Nothing here asserts what the product should do; that is the business of the tests. The packages, from below:

- `process`: a real process that a test starts, kills and freezes, and reads the output of
- `servers/`: Kafka and MongoDB, as processes or containers, with and without users; receivers of error reports
- `programs/`: programs that tests start as processes: variants of the consumer, the supervisor with small parts
- `kafka/`: topics, messages, and consumers of a topic with what was published to them
- `documents/`: MongoDB's documents, written and checked independently of the services
- `commands/`: the project's scripts as an operator runs them
- `api/`: a running API, its tokens and keys
- `requests/`: what clients send: ordinary, hostile, slow, and all the time
- `product/`: the whole product behind its load balancer, as processes or containers
- `schemas/`: the schema of compose files
"""
