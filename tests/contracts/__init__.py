"""What both sides of the system promise, as data: events and their verdicts, requests and their answers."""
