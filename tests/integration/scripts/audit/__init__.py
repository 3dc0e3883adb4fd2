"""The audit as an operator runs it, on what real consumers stored in a real MongoDB."""
