# What a newcomer needs is Python 3.10 to 3.13 and make; `make test` uses Java, Maven, Go and public data sets where they
# are there. Packages go into .venv, which `make clean` removes. Clusters go into .clusters, which it leaves,
# since they may be running: to be rid of them, `make flink-stop spark-stop`, then remove the folder.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
KERNEL := src/shardmill/kernel.so
# Fuzzing: the compiler's options, the folder of its programs, and their inputs.
SANITIZED := -fsanitize=address,undefined -fno-sanitize-recover=all -g -O1 -std=gnu11 -ffp-contract=off -I$(CURDIR)/native
# The kernel for this machine, and as it is for one of which the compiler says nothing.
NATIVE := -march=native
PORTABLE := -U__SSE2__ -U__SSE4_1__ -U__SSE4_2__ -U__ARM_NEON -U__ARM_FEATURE_CRC32
FUZZED := $(filter-out $(CURDIR)/native/fuzz/%,$(wildcard $(CURDIR)/native/*/*.c)) $(CURDIR)/native/fuzz/main.c
FUZZ ?= dist/fuzz
ROUNDS ?= 1000000
SEED ?= $(shell date +%s)
# Three processes, since some wait for others: each has TensorFlow, and runs of its own with a tracing process.
PYTEST_ARGS ?= -n 3 --dist loadfile
QUICK_PYTEST_ARGS ?= -n 2 --dist loadfile
# Two clusters at a time: much of what a test does there is waiting.
CLUSTER_PYTEST_ARGS ?= -n 2 --dist loadfile

# What runs in less than 3 minutes with nothing but Python: no run, no tracing, no server but on a socket of its own.
QUICK := pipelines/cli/test_help.py pipelines/config/ pipelines/console/ pipelines/doctor/test_machine.py \
	pipelines/engines/test_check_options.py pipelines/engines/test_run_pipeline.py pipelines/engines/test_worker.py \
	pipelines/inspect/test_inspect.py pipelines/job/test_check_delimiter.py pipelines/job/test_input_files.py \
	pipelines/page/ pipelines/report/test_label_relation.py pipelines/report/test_page_data.py \
	pipelines/report/test_split_distances.py \
	pipelines/run_folder/test_account_rows.py pipelines/run_folder/test_publish.py repository/test_architecture.py \
	repository/test_docs.py repository/test_docstrings.py repository/test_gitignore.py repository/test_imports.py \
	repository/test_makefile.py repository/test_packaging.py repository/test_prose.py schemas/inference/ \
	schemas/test_arrow.py schemas/test_feature_stats.py schemas/test_installing.py schemas/test_json_shapes.py \
	schemas/test_mistakes.py schemas/test_schema.py schemas/validation/ transforms/csv/test_blocks.py transforms/csv/test_cells.py \
	transforms/csv/test_header.py transforms/csv/test_joined_files.py transforms/csv/test_record_faults.py \
	transforms/csv/test_repeated_header.py transforms/csv/test_units.py transforms/decoding/test_text.py transforms/features/ \
	transforms/files/ transforms/keeping/ transforms/kernel/test_described_columns.py \
	transforms/numbers/ transforms/records/ transforms/rows/ \
	transforms/runtime/test_missing_labels.py transforms/scoring/ transforms/sniff/ \
	transforms/statistics/test_accumulator.py transforms/statistics/test_column_quantiles.py \
	transforms/statistics/test_moments.py \
	transforms/statistics/test_partition.py \
	transforms/statistics/test_quantiles.py transforms/statistics/test_text_summary.py transforms/statistics/test_text_values.py \
	transforms/statistics/test_token_counts.py \
	transforms/statistics/test_tokens.py \
	transforms/stores/test_contact.py transforms/stores/test_given_up.py transforms/stores/test_ranges.py \
	transforms/tfrecord/test_encode.py transforms/tfrecord/test_parts.py transforms/verbs/test_phases.py \
	transforms/verbs/test_search_path.py

# Without compiled bytecode every start of TensorFlow takes a minute.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo extras native test test-quick fuzz lint format types wheel image bench flink flink-stop spark spark-stop clean

help:  ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/demo.stamp $(KERNEL)  ## set up, run the main job on the flights data, show what came out
	$(BIN)/shardmill demo

extras: $(VENV)/extras.stamp $(KERNEL)  ## set up with all that a run may need: gs://, s3://, hdfs://, Dataflow, TF Transform, the demo's data

native: $(KERNEL)  ## compile the kernel anew, if its sources have changed

test-quick: $(VENV)/dev.stamp $(KERNEL)  ## set up, run the tests that need nothing but Python: less than 3 minutes
	$(BIN)/python -m pytest $(QUICK_PYTEST_ARGS) $(QUICK:%=tests/%)

test: $(VENV)/dev.stamp $(KERNEL)  ## set up, run all tests, half an hour; what lacks Java, Maven, Go or data is skipped (docs/testing.md)
	$(BIN)/python -m pytest $(PYTEST_ARGS) -m 'not cluster'
	$(BIN)/python -m pytest $(CLUSTER_PYTEST_ARGS) -m cluster

fuzz:  ## try the kernel on random inputs under sanitizers; ROUNDS=N of them for each entry
	mkdir -p $(FUZZ)
	for machine in "$(NATIVE)" "$(PORTABLE)"; do \
		(cd $(FUZZ) && cc $(SANITIZED) $$machine -c $(FUZZED)) || exit 1; \
		for entry in $(filter-out main,$(basename $(notdir $(wildcard native/fuzz/*.c)))); do \
			cc $(SANITIZED) $$machine $(FUZZ)/*.o native/fuzz/$$entry.c -o $(FUZZ)/$$entry -lm && echo $$entry && \
				$(FUZZ)/$$entry $(ROUNDS) $(SEED) || exit 1; done; done

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
	SHARDMILL_COMPILER=zig $(BIN)/python -m build --wheel --outdir dist .

image: $(VENV)/dev.stamp $(KERNEL)  ## run each step of the Dockerfile, without a container engine, and a job in the image; as root
	$(BIN)/python -m tests.image

flink: $(VENV)/dev.stamp  ## start a Flink cluster on this machine; Java 11 or 17, Maven and Go are needed
	$(BIN)/python -m tests.clusters flink start

flink-stop: $(VENV)/dev.stamp  ## stop it
	$(BIN)/python -m tests.clusters flink stop

spark: $(VENV)/dev.stamp  ## start a Spark cluster on this machine; needs what Flink needs
	$(BIN)/python -m tests.clusters spark start

spark-stop: $(VENV)/dev.stamp  ## stop it
	$(BIN)/python -m tests.clusters spark stop

bench: $(VENV)/dev.stamp $(KERNEL)  ## the benchmarks of benchmarks/README.md
	$(BIN)/python -m benchmarks --data narrow quoted --rows 1000000 4000000 --contestants shardmill schema polars duckdb

clean:  ## remove what make made, but for .clusters
	rm -rf $(VENV) .venv-wheel dist flights-demo

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; assert (3, 10) <= sys.version_info[:2] <= (3, 13), "Python 3.10 to 3.13 is needed, this is " + sys.version; import venv'
	$(PYTHON) -m venv $(VENV)

# Installing compiles it, too, where it isn't there.
$(KERNEL): native/compile.py transforms/kernel/source_digest.py $(wildcard native/*.h native/*/*.[ch]) | $(VENV)/bin/python
	$(BIN)/python native/compile.py

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
