"""The API on a real MongoDB."""
