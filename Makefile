# make demo                        shows the whole system at work, then stops it
# make up api=2 consumer=3         starts it and stays until Ctrl-C
# make test workers=2              runs all tests that need no containers
# make test-compose                tests docker-compose.yml
# make test-containers             runs the integration tests on servers in containers
# make test-matrix                 runs the unit tests by several Pythons
# make faults SEED=1 · make mutants   breaks everything, and shows that the tests would notice
# make check · make audit-dependencies
# make bench · make bench-smoke    measures the project beside its peers
# make openapi · make schemas · make lock · make clean

PYTHON ?= python3
python := .venv/bin/python
api ?= 2
consumer ?= 2
workers ?= 2
SEED ?= 1
stand_in := product-analytics-local

.PHONY: deps demo up test images-local test-compose test-containers test-matrix faults mutants check \
	audit-dependencies bench bench-smoke openapi schemas lock clean

deps: .venv/installed

demo: deps
	$(python) -m stack demo

up: deps
	$(python) -m stack up --api $(api) --consumer $(consumer)

# Most tests wait for servers. So two workers, each with its own servers, need little more than half of the time.
test: deps
	$(python) -m pytest --numprocesses $(workers) --dist loadfile $(args)

faults: deps
	$(python) -m pytest tests/faults --faults=full --seed=$(SEED) --numprocesses $(workers) --dist loadfile $(args)

mutants: deps
	$(python) -m tests.mutants $(args)

# Makes stand-ins for the public images, without a registry. Where no Docker engine runs, root gets one meanwhile.
images-local: deps
	tests/compose/engine.sh tests/compose/images.sh

# Tests docker-compose.yml as operators run it: end to end, killed, scaled, restarted, restored. The end-to-end tests
# come first, since they need a system without data.
test-compose: images-local
	tests/compose/engine.sh $(python) -m pytest --compose tests/e2e tests/compose $(args)

# Runs the integration tests on servers in containers instead of this machine's programs. tests= names some of them.
tests ?= tests/integration
test-containers: images-local
	KAFKA_IMAGE=$(stand_in)/kafka MONGO_IMAGE=$(stand_in)/mongo TESTCONTAINERS_RYUK_DISABLED=true \
		tests/compose/engine.sh $(python) -m pytest --servers containers --numprocesses $(workers) --dist loadfile \
		$(tests) $(args)

# Runs the unit tests by every Python from 3.11 on that this machine has, each in its own environment.
test-matrix:
	./tests/matrix.sh $(args)

bench: deps
	$(python) -m bench --output docs/benchmarks.md $(args)

bench-smoke: deps
	$(python) -m bench --size smoke $(args)
	$(python) -m bench.batch_reads --products 100 --calls 2 --rounds 1

check: deps
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy api consumer shared scripts stack bench tests
	.venv/bin/lint-imports

# Compares the requirements with a public list of known vulnerabilities. Where no such list can be reached, it says so.
audit-dependencies: deps
	$(python) -m tests.support.programs.vulnerabilities

# Writes the API's interface to a file, which a test compares with the code. api/web/documentation.py holds the
# version, which a change of the interface raises.
openapi: deps
	$(python) -m api.openapi > docs/openapi.json

# Writes the JSON Schemas of both events, which a test compares with the code.
schemas: deps
	for event in productSold productRated; do \
		$(python) -m shared.event_schema $$event > docs/schemas/$$event.json || exit; done

# The environment is made again when the requirements change.
.venv/installed: requirements/dev.txt
	@stack/environment.sh $(PYTHON) .venv
	@touch $@

compile := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header pyproject.toml

# All three lists hold the same versions: those with which the tests run.
lock: deps
	$(compile) --extra api --extra consumer --extra dev --output-file requirements/dev.txt
	$(compile) --extra api --constraint requirements/dev.txt --output-file requirements/api.txt
	$(compile) --extra consumer --constraint requirements/dev.txt --output-file requirements/consumer.txt
	for apart in bench-quix-streams bench-faststream generated-client; do \
		$(compile) --extra $$apart --output-file requirements/$$apart.txt || exit; done

clean:
	rm -rf .venv .state .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
