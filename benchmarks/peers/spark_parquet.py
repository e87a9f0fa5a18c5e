"""Spark's MLlib on this machine: StandardScaler, StringIndexer and FeatureHasher, to Parquet."""

from pyspark.ml import Pipeline
from pyspark.ml.feature import FeatureHasher, StandardScaler, StringIndexer, VectorAssembler
from pyspark.sql import SparkSession

from benchmarks.peers import BUCKETS, Task


def run(task: Task) -> None:
    """Fits the pipeline, applies it and writes."""
    spark = SparkSession.builder.master("local[*]").config("spark.ui.enabled", "false").getOrCreate()
    columns = [*task.numbers, *task.strings, *task.texts]
    types = [f"`{name}` {'float' if name in task.numbers else 'string'}" for name in columns]
    schema = ", ".join([*types, f"`{task.label}` long"])
    rows = spark.read.csv(task.files, header=True, schema=schema, multiLine=bool(task.texts), escape='"')
    stages = []
    if task.numbers:
        stages.append(VectorAssembler(inputCols=task.numbers, outputCol="assembled"))
        stages.append(StandardScaler(inputCol="assembled", outputCol="scaled", withMean=True, withStd=True))
    stages += [StringIndexer(inputCol=name, outputCol=f"{name}_id", handleInvalid="keep") for name in task.strings]
    if task.texts:
        stages.append(FeatureHasher(inputCols=task.texts, outputCol="hashed", numFeatures=BUCKETS))
    made = ["scaled"] * bool(task.numbers) + [f"{name}_id" for name in task.strings] + ["hashed"] * bool(task.texts)
    result = Pipeline(stages=stages).fit(rows).transform(rows)
    result.select(*made, task.label).write.parquet(str(task.output / "out"))


if __name__ == "__main__":
    run(Task.from_arguments())
