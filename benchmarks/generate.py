"""Writes a data set's CSV files, their schema and shardmill's configurations for them.

python -m benchmarks.generate --data narrow --rows 1000000 --out DIR --files 4
"""

import argparse
import json
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from benchmarks.datasets import DATA_SETS, LABEL, DataSet

# Describes the data set to the contestants' programs.
PLAN = "plan.json"


def write(out: Path, rows: int, files: int | None = None, seed: int = 0, data: str = "narrow") -> list[Path]:
    """Writes the CSV files, `schema.pbtxt`, the configurations and `plan.json` into a folder.

    The configurations: `default.toml` without a schema, `bench.toml` with it, `function.toml` with a TF Transform
    function.

    Args:
        out: The folder; made where it doesn't exist.
        rows: How many in all.
        files: How many files, of about as many rows each, in order. None means as many as the data set has.
        seed: Of the generator.
        data: The data set.

    Returns:
        The CSV files.
    """
    data_set = DATA_SETS[data]
    files = files or max(1, rows // (data_set.rows_a_file or rows or 1))
    out.mkdir(parents=True, exist_ok=True)
    paths = [out / f"data-{index:05d}-of-{files:05d}.csv" for index in range(files)]
    _write_rows(data_set, paths, [rows * (index + 1) // files - rows * index // files for index in range(files)], seed)
    folder = out.resolve()
    (out / "schema.pbtxt").write_text(schema_text(data_set))
    (out / "default.toml").write_text(config_text(data_set, folder, schema=False))
    (out / "bench.toml").write_text(config_text(data_set, folder))
    (out / "function.toml").write_text(function_text(folder))
    names = {"numbers": [*data_set.numbers], "strings": [*data_set.strings], "texts": [*data_set.texts]}
    (out / PLAN).write_text(json.dumps({**names, "label": LABEL, "rows": rows, "data": data}))
    return paths


def _write_rows(data_set: DataSet, paths: list[Path], sizes: list[int], seed: int) -> None:
    """Writes the first so many rows into the first file, the next into the second."""
    blocks = data_set.blocks(sum(sizes), seed)
    style = "needed" if data_set.quoted else "none"
    options = csv.WriteOptions(include_header=False, quoting_style=style)
    left = data_set.schema.empty_table()
    for path, size in zip(paths, sizes, strict=True):
        with path.open("wb") as sink:
            # PyArrow's writer quotes the header's names whatever the style says, so the header is written by hand.
            sink.write(",".join(data_set.columns).encode() + b"\n")
            written = 0
            while written < size:
                left = left if left.num_rows else next(blocks)
                piece = left.slice(0, size - written)
                csv.write_csv(piece, sink, options)
                left = left.slice(piece.num_rows)
                written += piece.num_rows


def schema_text(data_set: DataSet) -> str:
    """The columns as a tensorflow-metadata Schema: every one required and a scalar."""
    types = {pa.float64(): "FLOAT", pa.string(): "BYTES", pa.int64(): "INT"}
    return "".join(
        f'feature {{\n  name: "{field.name}"\n  type: {types[field.type]}\n  presence {{ min_fraction: 1.0 }}\n'
        "  shape {}\n}\n"
        for field in data_set.schema
    )


def config_text(data_set: DataSet, folder: Path, *, schema: bool = True) -> str:
    """The configuration of shardmill.

    Args:
        data_set: The data set.
        folder: Where the data is; in absolute terms, so that it can be run from anywhere.
        schema: Whether the schema is given.
    """
    features = [f'{name} = "z_score"' for name in data_set.numbers]
    features += [f'{name} = {{ kind = "vocabulary", num_oov_buckets = 1 }}' for name in data_set.strings]
    features += [f'{name} = {{ kind = "hash", num_buckets = 1000 }}' for name in data_set.texts]
    features.append(f'{LABEL} = "label"')
    return "\n".join([_input_text(folder, schema=schema), "[features]", *features, ""])


def function_text(folder: Path) -> str:
    """The configuration of shardmill for the same features as a TF Transform function, that of the documented pipeline.

    Args:
        folder: As for `config_text`.
    """
    function = Path(__file__).resolve().with_name("features.py").as_posix()
    return f'preprocessing_fn = "{function}:preprocessing_fn"\nlabel = "{LABEL}"\n\n{_input_text(folder, schema=True)}'


def _input_text(folder: Path, *, schema: bool) -> str:
    given = f'schema = "{folder.as_posix()}/schema.pbtxt"\n' if schema else ""
    return f'[input]\nfiles = ["{folder.as_posix()}/data-*.csv"]\n{given}'


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description="Writes a data set's CSV files, schema and configurations.")
    parser.add_argument("--data", choices=DATA_SETS, default="narrow")
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--files", type=int)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    paths = write(args.out, args.rows, args.files, args.seed, args.data)
    size = sum(path.stat().st_size for path in paths)
    each = size / max(args.rows, 1)
    print(f"{args.rows:,} rows, {size:,} bytes ({each:.1f} a row) in {len(paths)} file(s) in {args.out}")


if __name__ == "__main__":
    main()
