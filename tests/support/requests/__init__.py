"""What clients send to the API and to the load balancer.

- `files`: `requests.http` and the Postman collection
- `hostile`: tokens, ids and queries as attackers write them
- `traffic`: requests that go on while a test does something else
- `slow_clients`: clients that connect and hardly send anything
"""
