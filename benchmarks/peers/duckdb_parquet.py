"""DuckDB: statistics and vocabularies as temporary tables, then one query to Parquet."""

import duckdb

from benchmarks.peers import BUCKETS, Task


def run(task: Task) -> None:
    """Scales, looks up, hashes and writes."""
    with duckdb.connect() as connection:
        connection.execute("set preserve_insertion_order = false")
        types = {
            **dict.fromkeys(task.numbers, "FLOAT"),
            **dict.fromkeys(task.strings + task.texts, "VARCHAR"),
            task.label: "BIGINT",
        }
        columns = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
        rows = f"read_csv('{task.files}', header = true, columns = {{{columns}}})"
        found = ", ".join(f"avg({name}) {name}_mean, stddev_pop({name}) {name}_std" for name in task.numbers)
        connection.execute(f"create temp table found as select {found} from {rows}")
        for name in task.strings:
            ranked = f"row_number() over (order by count(*) desc, {name} desc) - 1 id"
            connection.execute(
                f"create temp table ids_{name} as select {name} token, {ranked} from {rows} group by {name}"
            )
        values = [f"(x.{name} - found.{name}_mean) / found.{name}_std {name}" for name in task.numbers]
        values += [f"ids_{name}.id {name}" for name in task.strings]
        values += [f"hash(x.{name}) % {BUCKETS} {name}" for name in task.texts]
        joins = " ".join(f"left join ids_{name} on x.{name} = ids_{name}.token" for name in task.strings)
        query = f"select {', '.join(values)}, x.{task.label} from {rows} x cross join found {joins}"
        connection.execute(f"copy ({query}) to '{task.output / 'out.parquet'}' (format parquet)")


if __name__ == "__main__":
    run(Task.from_arguments())
