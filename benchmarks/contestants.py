"""The contestants: their commands, and what each needs to be there."""

import importlib.util
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import Measurement, measure

_PYTHON = (sys.executable, "-m")
SHARDMILL = "shardmill"


@dataclass(frozen=True)
class Contestant:
    """A contestant.

    Attributes:
        name: Its name on the command line.
        about: What it does.
        command: The program and its arguments; `{data}` and `{output}` are filled in.
        packages: The packages that it needs.
        programs: The programs that it needs.
        data_sets: The data sets that it can take. None means all.
    """

    name: str
    about: str
    command: tuple[str, ...]
    packages: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    data_sets: tuple[str, ...] | None = None

    @property
    def lacks(self) -> list[str]:
        """The packages and programs that it needs and that aren't there."""
        packages = [name for name in self.packages if importlib.util.find_spec(name) is None]
        return packages + [name for name in self.programs if shutil.which(name) is None]

    def takes(self, data_set: str) -> bool:
        """Whether it can take a data set."""
        return self.data_sets is None or data_set in self.data_sets

    def run(self, data: Path, output: Path) -> Measurement:
        """Runs it once, in an empty folder that is removed afterwards.

        Args:
            data: The data set's folder.
            output: The folder.

        Raises:
            SystemExit: It failed.
        """
        shutil.rmtree(output, ignore_errors=True)
        output.mkdir(parents=True)
        try:
            return measure([part.format(data=data, output=output / "out") for part in self.command])
        finally:
            shutil.rmtree(output, ignore_errors=True)


def _shardmill(config: str) -> tuple[str, ...]:
    return (*_PYTHON, "shardmill", "run", f"{{data}}/{config}", "--output", "{output}", "--quiet")


def _peer(module: str) -> tuple[str, ...]:
    return (*_PYTHON, f"benchmarks.peers.{module}", "{data}", "{output}")


CONTESTANTS = {
    each.name: each
    for each in (
        Contestant(SHARDMILL, "shardmill with default settings, no schema", _shardmill("default.toml")),
        Contestant("schema", "shardmill, the schema given", _shardmill("bench.toml")),
        Contestant(
            "function",
            "shardmill, the same features as a TF Transform function",
            _shardmill("function.toml"),
            ("tensorflow_transform",),
        ),
        Contestant(
            "tft",
            "TF Transform's documented pipeline",
            (
                *(*_PYTHON, "benchmarks.tft_pipeline", "--input", "{data}/data-*.csv"),
                *("--schema", "{data}/schema.pbtxt", "--output", "{output}"),
            ),
            ("tensorflow_transform",),
            # Its reader takes each line for a row.
            data_sets=("narrow", "quoted", "wide", "tokens", "small-files"),
        ),
        Contestant("polars", "Polars to Parquet: no Examples, no gzip, no graph", _peer("polars_parquet"), ("polars",)),
        Contestant("duckdb", "DuckDB to Parquet: likewise", _peer("duckdb_parquet"), ("duckdb",)),
        Contestant(
            "sklearn",
            "pandas, scikit-learn and TFRecordWriter: all in memory, no graph",
            _peer("sklearn_tfrecord"),
            ("pandas", "sklearn"),
        ),
        Contestant(
            "keras",
            "Keras's preprocessing layers: `adapt`, then TFRecordWriter",
            _peer("keras_adapt"),
            ("tensorflow", "pandas"),
        ),
        Contestant(
            "spark",
            "Spark's MLlib to Parquet, on this machine",
            _peer("spark_parquet"),
            ("pyspark",),
            ("java",),
        ),
    )
}
