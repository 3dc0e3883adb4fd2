"""The whole product behind its load balancer, as processes or as containers.

- `interface`: what a test may ask of a running product, whatever runs it
- `balancer`: an nginx with the project's configuration, changed as a test needs it
- `system`: the product as processes
- `compose_file`: docker-compose.yml as data
- `docker`: the command `docker`
- `project`: the product as containers of docker-compose.yml
"""
