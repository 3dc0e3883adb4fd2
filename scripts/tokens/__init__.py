"""What `scripts.tokens` is made of."""
