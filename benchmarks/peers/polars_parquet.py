"""Polars: two lazy passes over the CSV, the second to Parquet."""

import polars as pl

from benchmarks.peers import BUCKETS, Task


def run(task: Task) -> None:
    """Scales, looks up, hashes and writes."""
    types = {
        **dict.fromkeys(task.numbers, pl.Float32),
        **dict.fromkeys(task.strings + task.texts, pl.String),
        task.label: pl.Int64,
    }
    rows = pl.scan_csv(task.files, schema_overrides=types)
    means = [pl.col(name).mean().alias(f"{name}_mean") for name in task.numbers]
    deviations = [pl.col(name).std(ddof=0).alias(f"{name}_std") for name in task.numbers]
    vocabularies = [
        rows.group_by(name).len().sort("len", name, descending=True).with_row_index(f"{name}_id").drop("len")
        for name in task.strings
    ]
    found, *tables = pl.collect_all([rows.select(means + deviations), *vocabularies], engine="streaming")
    scaled = [
        ((pl.col(name) - found[f"{name}_mean"][0]) / found[f"{name}_std"][0]).alias(name) for name in task.numbers
    ]
    hashed = [(pl.col(name).hash() % BUCKETS).alias(name) for name in task.texts]
    result = rows.select([*scaled, *task.strings, *hashed, task.label])
    for name, table in zip(task.strings, tables, strict=True):
        result = result.join(table.lazy(), on=name, how="left")
    ids = {f"{name}_id": name for name in task.strings}
    result.drop(task.strings).rename(ids).sink_parquet(task.output / "out.parquet", engine="streaming")


if __name__ == "__main__":
    run(Task.from_arguments())
