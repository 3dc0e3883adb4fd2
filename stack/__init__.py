"""The local stack: finds, configures and supervises Kafka, MongoDB, nginx and both services on one machine."""
