"""The contracts of the system as data: events and what the consumer makes of them, requests and the API's answers."""
