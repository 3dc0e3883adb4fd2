"""Measurements behind decisions; each module is a command of its own."""
