"""What the consumer and the API must agree on, and nothing else."""
