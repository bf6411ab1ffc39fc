# make nightly   install what is needed from the lock, then run one whole night on the example returns
# make test      install what is needed, then run the short tests; make test-all runs every test
PYTHON ?= python3
BIN := .venv/bin
.DELETE_ON_ERROR:
.PHONY: nightly up trial test test-all crash fuzz plant seen persons attack lint lock examples docs pages faults histories rebuilds bench-mart bench-build bench-returns install package clean

nightly: .venv/ready
	@$(BIN)/indicators nightly --today 2011-05-26

# A Prefect server, the deployments and a worker for a trial on this machine, until Ctrl-C.
up: .venv/ready
	@exec $(BIN)/indicators up

# Ten minutes with a night every minute, returns dropped in, the worker killed and the server restarted.
trial: .venv/ready
	@$(BIN)/python -m tests.resilience.trial

# What a change is likely to break: some four minutes on two cores. .ci/run runs every test.
test: .venv/ready
	@echo "The short tests: some four minutes on two cores. make test-all runs every test: some twenty."
	@$(BIN)/python -m pytest -m "not long"

test-all: .venv/ready
	@echo "Every test: some twenty minutes on two cores."
	@$(BIN)/python -m pytest

# Ten thousand random mutations of the example returns, each judged: it takes some ten minutes. Tests run a hundred.
fuzz: .venv/ready
	@$(BIN)/python -m tests.fuzz.mutations 10000

# Three hundred random workbooks with one to six faults of eighty kinds in each: every fault is named once, at its cell.
# Tests run a few.
plant: .venv/ready
	@$(BIN)/python -m tests.fuzz.faults 300

# Five thousand random workbooks as LibreOffice displays them, compared with what is loaded of them: some twenty minutes,
# where LibreOffice is installed; workbooks at fault stay in seen-differences. Tests run forty.
seen: .venv/ready
	@$(BIN)/python -m tests.fuzz.seen 5000

# A thousand sheets of every form in which people are and of every kind of totals, none missed and none refused: some minutes.
persons: .venv/ready
	@PERSONS=1000 $(BIN)/python -m pytest tests/fuzz/personal_data

lint: .venv/ready
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --no-logo --no-cache

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

# Build the wheel into dist/, install it into a clean environment, and run nights with it: a minute or two.
package: .venv/ready
	@$(BIN)/python -m tools.try_wheel

# Lock again: exact versions and hashes, and no index address.
lock:
	uv pip compile pyproject.toml --extra s3 --extra sftp --group dev --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-strip-extras --quiet -o requirements.lock
	echo uv | uv pip compile - --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --quiet -o requirements-uv.lock

# Write the example returns again from the script that makes them.
examples: .venv/ready
	@$(BIN)/python -m tools.example_returns

# Write the rules into the data owners' page again, and the page of definitions.
docs: .venv/ready
	@$(BIN)/python -m tools.owners_guide
	@$(BIN)/python -m tools.definitions_page

# Plant every fault that one cell can have, and many mixes of them, into the example returns.
faults: .venv/ready
	@INDICATORS_TEST_LONG=1 $(BIN)/python -m pytest tests/acceptance/test_planted_faults.py

# How long mart takes for one, three and ten million made-up observations. Ten million take some 6 GB of memory.
bench-mart: .venv/ready
	@$(BIN)/python -m bench.mart 1 3 10

# How long a return takes to read and check among 10, 100 and 1,000, here and on two Dask workers, and one by one.
bench-returns: .venv/ready
	@PREFECT_LOGGING_LEVEL=CRITICAL PREFECT_SERVER_ANALYTICS_ENABLED=false DO_NOT_TRACK=1 \
	  $(BIN)/python -m bench.returns 10 100 1000 --big 40 --dask
# The same for whole publications, from the store to the exports, stage by stage. It ends itself above 12 GB of memory.
bench-build: .venv/ready
	@$(BIN)/python -m bench.build 1 3 10

clean:
	rm -rf .venv *.egg-info

# Write again the pages of docs that are made from the contract and from mart.coverage (of the published examples).
pages: .venv/ready
	@$(BIN)/python -m tools.documentation_pages

# Twenty random histories of loads and publications, looked back on and attacked; the tests run two or three.
histories: .venv/ready
	@HISTORIES=20 $(BIN)/python -m pytest tests/unit/warehouse/test_as_of.py tests/unit/warehouse/test_disclosure_control.py

# Three hundred random partnerships attacked for what disclosure control hides, ten of them through their published files;
# the tests attack ten and one.
attack: .venv/ready
	@ATTACKED=300 $(BIN)/python -m pytest tests/fuzz/disclosure_attack

# Twenty longer random histories of nights, each made again from ledger and archive and compared; the tests try two.
rebuilds: .venv/ready
	@REBUILDS=20 $(BIN)/python -m pytest tests/resilience/test_rebuild.py

# Kill nights at more than fifty named steps through Prefect and at two hundred random moments without it, interrupt them in every
# other way, and publish fifty versions, with readers polling throughout: it takes some forty minutes. Tests run a little.
crash: .venv/ready
	@$(BIN)/python -m tests.resilience.crash.long
