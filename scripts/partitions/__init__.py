"""Shows how far each of the consumer's partitions is stored, and carries out a decision about a halted partition.

In come the documents of `partitions` and `partition_status`, and what Kafka holds. Out go a table, or a changed
document under which consumers go on. `__main__` serves the operator alone; tests also call `decision`.

__main__   the commands `list` and `restart`
kafka      what Kafka knows of the partitions and of the group, as far as it answers
overview   documents and what Kafka knows -> how each partition is: its lag, whether its owner works, why it is halted
display    that as a table, and sentences
decision   what is stored and what Kafka holds -> where reading goes on; and the change of the document
"""
