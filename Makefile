# What a newcomer needs is Python 3.10 to 3.13 and make; `make test` uses Java, Maven, Go and public data sets where they
# are there. Packages go into .venv, which `make clean` removes. Clusters go into .clusters, which it leaves,
# since they may be running: to be rid of them, `make flink-stop spark-stop`, then remove the folder.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Three processes, since some wait for others: each has TensorFlow, and runs of its own with a tracing process.
PYTEST_ARGS ?= -n 3 --dist loadfile
QUICK_PYTEST_ARGS ?= -n 2 --dist loadfile
# Two clusters at a time: much of what a test does there is waiting.
CLUSTER_PYTEST_ARGS ?= -n 2 --dist loadfile

# What runs in less than 3 minutes with nothing but Python: no run, no tracing, no server but on a socket of its own.
QUICK := analysis arrays beam_args blocks check_delimiter checksums cli_help config contact counts docs doctor enclosed engine examples \
	files fitting_table gitignore given_up imports inflation inspecting installing json_shapes kinds_datetime kinds_parse \
	kinds_patterns labels listing local_listing makefile manifest mistakes moments one_thread packaging parts paths patterns printable \
	progress publish quantiles ranges records row_plan schema search_path sniffing splits statistics summary tally temporary \
	token_pieces toml_lines vocabulary worker

# Without compiled bytecode every start of TensorFlow takes a minute.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo extras test test-quick lint format types wheel image bench flink flink-stop spark spark-stop clean

help:  ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/demo.stamp  ## set up, run the main job on the flights data, show what came out
	$(BIN)/shardmill demo

extras: $(VENV)/extras.stamp  ## set up with all that a run may need: gs://, s3://, hdfs://, Dataflow, TF Transform, the demo's data

test-quick: $(VENV)/dev.stamp  ## set up, run the tests that need nothing but Python: less than 3 minutes
	$(BIN)/python -m pytest $(QUICK_PYTEST_ARGS) $(QUICK:%=tests/test_%.py)

test: $(VENV)/dev.stamp  ## set up, run all tests, half an hour; what lacks Java, Maven, Go or data is skipped (docs/testing.md)
	$(BIN)/python -m pytest $(PYTEST_ARGS) -m 'not cluster'
	$(BIN)/python -m pytest $(CLUSTER_PYTEST_ARGS) -m cluster

lint: $(VENV)/dev.stamp  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/dev.stamp  ## ruff: fix what can be fixed, and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/dev.stamp  ## mypy, strict
	$(BIN)/mypy

wheel: $(VENV)/dev.stamp  ## build the wheel into dist/
	rm -rf dist
	$(BIN)/python -m build --wheel --outdir dist .

image: $(VENV)/dev.stamp  ## run each step of the Dockerfile, without a container engine, and a job in the image; as root
	$(BIN)/python -m tests.image

flink: $(VENV)/dev.stamp  ## start a Flink cluster on this machine; Java 11 or 17, Maven and Go are needed
	$(BIN)/python -m tests.clusters flink start

flink-stop: $(VENV)/dev.stamp  ## stop it
	$(BIN)/python -m tests.clusters flink stop

spark: $(VENV)/dev.stamp  ## start a Spark cluster on this machine; needs what Flink needs
	$(BIN)/python -m tests.clusters spark start

spark-stop: $(VENV)/dev.stamp  ## stop it
	$(BIN)/python -m tests.clusters spark stop

bench: $(VENV)/dev.stamp  ## the benchmarks of benchmarks/README.md
	$(BIN)/python -m benchmarks.compare --rows 1000000 4000000 --repeat 3 --function-repeat 2 --baseline-repeat 1

clean:  ## remove what make made, but for .clusters
	rm -rf $(VENV) .venv-wheel dist flights-demo

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; assert (3, 10) <= sys.version_info[:2] <= (3, 13), "Python 3.10 to 3.13 is needed, this is " + sys.version; import venv'
	$(PYTHON) -m venv $(VENV)

# The stamps say which extras are installed. The packages are installed from this folder, so only pyproject.toml makes them stale.
$(VENV)/demo.stamp: pyproject.toml | $(VENV)/bin/python
	@echo 'Installing into $(VENV): TensorFlow and Beam are large, the first time takes some minutes.'
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --editable '.[demo]'
	touch $@

# The extra tft brings gcp; neither can be installed on Python 3.10.
$(VENV)/extras.stamp: pyproject.toml | $(VENV)/bin/python
	@echo 'Installing into $(VENV): TensorFlow and Beam are large, the first time takes some minutes.'
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --editable '.[demo,s3,hdfs,tft]'
	touch $(VENV)/demo.stamp $@

$(VENV)/dev.stamp: pyproject.toml | $(VENV)/bin/python
	@echo 'Installing into $(VENV): TensorFlow and Beam are large, the first time takes some minutes.'
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --editable '.[dev]'
	touch $(VENV)/demo.stamp $(VENV)/extras.stamp $@
