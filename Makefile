# make demo · make up api=2 consumer=3 · make test workers=2 · make test-compose · make test-containers · make test-matrix · make faults SEED=1 · make mutants · make check · make audit-dependencies · make bench · make bench-smoke · make openapi · make lock · make clean

PYTHON ?= python3
python := .venv/bin/python
api ?= 2
consumer ?= 2
workers ?= 2
SEED ?= 1
stand_in := product-analytics-local

.PHONY: deps demo up test images-local test-compose test-containers test-matrix faults mutants check audit-dependencies bench bench-smoke openapi lock clean

deps: .venv/installed

demo: deps
	$(python) -m stack demo

up: deps
	$(python) -m stack up --api $(api) --consumer $(consumer)

# Most tests wait for servers, so two workers, each with servers of its own, need little more than half the time.
test: deps
	$(python) -m pytest --numprocesses $(workers) --dist loadfile $(args)

faults: deps
	$(python) -m pytest tests/faults --faults=full --seed=$(SEED) --numprocesses $(workers) --dist loadfile $(args)

mutants: deps
	$(python) -m tests.faults.mutate

# Stand-ins for the public images, made without a registry. Without a Docker engine, root gets one for the time.
images-local: deps
	tests/compose/engine.sh tests/compose/images.sh

# docker-compose.yml as its users run it: end to end, killed, scaled, restarted, restored. The first find it without data.
test-compose: images-local
	tests/compose/engine.sh $(python) -m pytest --compose tests/e2e tests/compose $(args)

# The integration tests on servers in containers instead of this machine's own; tests= names some of them.
tests ?= tests/integration
test-containers: images-local
	KAFKA_IMAGE=$(stand_in)/kafka MONGO_IMAGE=$(stand_in)/mongo TESTCONTAINERS_RYUK_DISABLED=true \
		tests/compose/engine.sh $(python) -m pytest --servers containers --numprocesses $(workers) --dist loadfile \
		$(tests) $(args)

# The unit tests with every Python from 3.11 on that this machine has, each in an environment of its own.
test-matrix:
	./tests/matrix.sh $(args)

bench: deps
	$(python) -m bench --output docs/benchmarks.md $(args)

bench-smoke: deps
	$(python) -m bench --size smoke $(args)

check: deps
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy api consumer shared scripts stack bench tests
	.venv/bin/lint-imports

# Against a public list of known vulnerabilities, where one can be reached; elsewhere it says that it could not look.
audit-dependencies: deps
	$(python) -m tests.support.vulnerabilities

# The interface as a file, which a test compares with the code: a change of it is raised in api/web/documentation.py.
openapi: deps
	$(python) -m api.openapi > docs/openapi.json

# Rebuilt when the requirements change.
.venv/installed: requirements/dev.txt
	@stack/environment.sh $(PYTHON) .venv
	@touch $@

compile := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header pyproject.toml

# All three at the same versions: those that the tests run with.
lock: deps
	$(compile) --extra api --extra consumer --extra dev --output-file requirements/dev.txt
	$(compile) --extra api --constraint requirements/dev.txt --output-file requirements/api.txt
	$(compile) --extra consumer --constraint requirements/dev.txt --output-file requirements/consumer.txt
	for peer in quix-streams faststream; do \
		$(compile) --extra bench-$$peer --output-file requirements/bench-$$peer.txt || exit; done

clean:
	rm -rf .venv .state .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
