"""Tests of the API behind its real HTTP server, on a real MongoDB."""
