# make nightly   install what is needed from the lock, then run one whole night on the example returns
# make test      install what is needed, then run the tests
PYTHON ?= python3
BIN := .venv/bin
.DELETE_ON_ERROR:
.PHONY: nightly test fuzz lint lock examples docs pages faults histories bench-mart install clean

nightly: .venv/ready
	@$(BIN)/indicators nightly --today 2011-05-26

test: .venv/ready
	@$(BIN)/python -m pytest

# Ten thousand random mutations of the example returns, each judged: it takes some ten minutes. Tests run a hundred.
fuzz: .venv/ready
	@$(BIN)/python -m tests.properties.mutations 10000

lint: .venv/ready
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

install: .venv/ready

# The whole environment comes from the lock, every file checked against its hash. uv does it in seconds; where uv
# cannot be had, pip does the same from the same lock.
.venv/ready: requirements.lock requirements-uv.lock pyproject.toml
	@rm -rf .venv
	@$(PYTHON) -c 'import sys; sys.exit("Local Indicators needs Python 3.11 or newer; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@echo "Installing from requirements.lock (about a minute the first time) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock 2>/dev/null && \
	  $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock || \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@

# Lock again: exact versions and hashes, and no index address.
lock:
	uv pip compile pyproject.toml --extra s3 --extra sftp --group dev --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --quiet -o requirements.lock
	echo uv | uv pip compile - --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --quiet -o requirements-uv.lock

# Write the example returns again from the script that makes them.
examples: .venv/ready
	@$(BIN)/python -m inputs.examples

# Write the rules into the data owners' page again.
docs: .venv/ready
	@$(BIN)/python -m flows.guide

# Plant every fault that one cell can have, and many mixes of them, into the example returns.
faults: .venv/ready
	@INDICATORS_TEST_LONG=1 $(BIN)/python -m pytest tests/golden/test_faults.py

# How long mart takes for one, three and ten million made-up observations. Ten million take up to 20 GB of memory.
bench-mart: .venv/ready
	@$(BIN)/python -m bench.mart 1 3 10

clean:
	rm -rf .venv *.egg-info

# Write again the pages of docs that are made from the contract and from mart.coverage (of the published examples).
pages: .venv/ready
	@$(BIN)/python -m flows.pages

# Twenty random histories of loads and publications; the tests run five.
histories: .venv/ready
	@HISTORIES=20 $(BIN)/python -m pytest tests/test_as_of.py
