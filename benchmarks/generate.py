"""Writes the benchmark's CSV files, their schema and shardmill's configurations for them.

8 float columns, 4 string columns with 10, 100, 5,000 and 50,000 distinct values (Zipf-like), 1 integer label: about 111
bytes a row. The rows depend on the seed and their place alone, not on how many files they are cut into.

    python -m benchmarks.generate --rows 1000000 --out DIR --files 4
"""

import argparse
import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

FLOATS = tuple(f"float_{index}" for index in range(8))
# Column -> distinct values and what a value begins with.
STRINGS = {
    "channel": (10, "channel_"),
    "district": (100, "district_"),
    "product": (5_000, "product_"),
    "customer": (50_000, "customer_"),
}
LABEL = "label"
COLUMNS = (*FLOATS, *STRINGS, LABEL)
_BLOCK_ROWS = 100_000


def blocks(rows: int, seed: int) -> Iterator[pa.Table]:
    """The rows, in blocks of the same size: memory doesn't grow with their number.

    Args:
        rows: How many in all.
        seed: Of the generator; block i draws from the seeds (seed, i).
    """
    vocabularies = [
        (name, pa.array([f"{prefix}{index:0{len(str(size - 1))}d}" for index in range(size)]), _zipf(size))
        for name, (size, prefix) in STRINGS.items()
    ]
    for block, start in enumerate(range(0, rows, _BLOCK_ROWS)):
        rng = np.random.default_rng([seed, block])
        columns: dict[str, pa.Array] = {name: pa.array(_floats(rng, index)) for index, name in enumerate(FLOATS)}
        for name, words, cumulative in vocabularies:
            columns[name] = words.take(pa.array(np.searchsorted(cumulative, rng.random(_BLOCK_ROWS), side="right")))
        columns[LABEL] = pa.array(rng.integers(0, 2, _BLOCK_ROWS))
        yield pa.table(columns).slice(0, min(_BLOCK_ROWS, rows - start))


def write(out: Path, rows: int, files: int, seed: int = 0) -> list[Path]:
    """Writes the CSV files, `schema.pbtxt`, `bench.toml` and `function.toml` into a folder.

    Args:
        out: The folder; made where it doesn't exist.
        rows: How many in all.
        files: How many files, of about as many rows each, in order.
        seed: Of the generator.

    Returns:
        The CSV files.
    """
    out.mkdir(parents=True, exist_ok=True)
    paths = [out / f"data-{index:05d}-of-{files:05d}.csv" for index in range(files)]
    bounds = [rows * index // files for index in range(files + 1)]
    with contextlib.ExitStack() as stack:
        writers = [_writer(stack, path) for path in paths]
        start = 0
        for table in blocks(rows, seed):
            for index, writer in enumerate(writers):
                low, high = max(bounds[index], start), min(bounds[index + 1], start + table.num_rows)
                if low < high:
                    writer.write_table(table.slice(low - start, high - low))
            start += table.num_rows
    (out / "schema.pbtxt").write_text(schema_text())
    (out / "bench.toml").write_text(config_text(out.resolve()))
    (out / "function.toml").write_text(function_text(out.resolve()))
    return paths


def schema_text() -> str:
    """The columns as a tensorflow-metadata Schema: every one required and a scalar."""
    types = dict.fromkeys(FLOATS, "FLOAT") | dict.fromkeys(STRINGS, "BYTES") | {LABEL: "INT"}
    return "".join(
        f'feature {{\n  name: "{name}"\n  type: {kind}\n  presence {{ min_fraction: 1.0 }}\n  shape {{}}\n}}\n'
        for name, kind in types.items()
    )


def config_text(folder: Path) -> str:
    """The configuration of shardmill: 8 z-scores, 4 vocabularies with an OOV bucket, the label.

    Args:
        folder: Where the data is; in absolute terms, so that it can be run from anywhere.
    """
    features = [f'{name} = "z_score"' for name in FLOATS]
    features += [f'{name} = {{ kind = "vocabulary", num_oov_buckets = 1 }}' for name in STRINGS]
    features.append(f'{LABEL} = "label"')
    return "\n".join([_input_text(folder), "[features]", *features, ""])


def function_text(folder: Path) -> str:
    """The configuration of shardmill for the same features as a TF Transform function, that of the documented pipeline.

    Args:
        folder: As for `config_text`.
    """
    function = Path(__file__).resolve().with_name("features.py").as_posix()
    return f'preprocessing_fn = "{function}:preprocessing_fn"\nlabel = "{LABEL}"\n\n{_input_text(folder)}'


def _input_text(folder: Path) -> str:
    return f'[input]\nfiles = ["{folder.as_posix()}/data-*.csv"]\nschema = "{folder.as_posix()}/schema.pbtxt"\n'


def _writer(stack: contextlib.ExitStack, path: Path) -> csv.CSVWriter:
    types = [pa.float64()] * len(FLOATS) + [pa.string()] * len(STRINGS) + [pa.int64()]
    # The writer quotes the header's names whatever the style says, so the header is written by hand.
    options = csv.WriteOptions(include_header=False, quoting_style="none")
    sink = stack.enter_context(path.open("wb"))
    sink.write(",".join(COLUMNS).encode() + b"\n")
    return stack.enter_context(
        csv.CSVWriter(sink, pa.schema(list(zip(COLUMNS, types, strict=True))), write_options=options)
    )


def _floats(rng: np.random.Generator, index: int) -> npt.NDArray[np.float64]:
    # Normal, skewed and uniform columns of different scale, with 4 decimals.
    draw = (
        rng.normal(0, 10.0 ** (index % 3), _BLOCK_ROWS),
        rng.exponential(20, _BLOCK_ROWS),
        rng.uniform(-1, 1, _BLOCK_ROWS),
    )
    return np.round(draw[index % 3], 4)


def _zipf(size: int) -> npt.NDArray[np.float64]:
    cumulative = np.cumsum(1.0 / np.arange(1, size + 1))
    # The last is exactly 1, so that no draw below 1 falls beyond it.
    return np.asarray(cumulative / cumulative[-1])


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description="Writes the benchmark's CSV files, schema and configurations.")
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--files", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    paths = write(args.out, args.rows, args.files, args.seed)
    size = sum(path.stat().st_size for path in paths)
    each = size / max(args.rows, 1)
    print(f"{args.rows:,} rows, {size:,} bytes ({each:.1f} a row) in {len(paths)} file(s) in {args.out}")


if __name__ == "__main__":
    main()
