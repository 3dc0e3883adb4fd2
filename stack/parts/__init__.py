"""The parts of the stack, a module each: how to find the program, configure it, start it, and see that it is ready.

In come folders, ports and program files. Out come files of configuration in the part's own folder, and a `Part` that
`supervision` can start. `assembly/` calls these modules; so do tests and benchmarks, which run single parts.

- `mongo`: the MongoDB server
- `replica_set`: makes the running server a replica set of one member
- `kafka_files`: Kafka's jars and the Java that runs them
- `kafka`: the broker of Apache Kafka
- `mock_kafka`: the broker that takes Kafka's place where there is no Java or no Maven
- `services`: API instances, consumers, their signing key and nginx's certificate
- `nginx`: the load balancer
"""
