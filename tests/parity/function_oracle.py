"""Runs a TF Transform function through TF Transform's own pipeline, on the rows of a CSV that a run of ours has read."""

import importlib.util
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import feather

from shardmill.schemas.schema import ColumnType
from shardmill.schemas.schema_pbtxt import load_schema
from tests.parity import oracle

_ARROW = {ColumnType.INT: pa.int64(), ColumnType.FLOAT: pa.float32(), ColumnType.BYTES: pa.string()}


@dataclass(frozen=True)
class Expected:
    """What TF Transform makes of some rows.

    Attributes:
        examples: Its serialized Examples, one a row.
        vocabularies: Its vocabularies' files, by name.
        schema: Its outputs' `schema.pbtxt`.
    """

    examples: list[bytes]
    vocabularies: Mapping[str, bytes]
    schema: str


def load_function(path: Path, name: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """A function of a Python file, loaded as Python loads modules."""
    spec = importlib.util.spec_from_file_location(f"oracle_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # TF Transform pickles what it is given: a function of a known module by its name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    function: Callable[[Mapping[str, Any]], dict[str, Any]] = getattr(module, name)
    return function


def typed(cells: pd.DataFrame, run_dir: Path) -> tuple[dict[str, pa.Array], set[str]]:
    """The text of cells as columns of the types that a run has found, null where missing; and those that never miss a value."""
    schema = load_schema(str(run_dir / "metadata" / "schema.pbtxt"))
    columns = {
        column.name: oracle.cast_cells(pa.array(cells[column.name], pa.string()), _ARROW[column.type])
        for column in schema
    }
    return columns, {column.name for column in schema if column.required}


def tf_transform(columns: Mapping[str, pa.Array], function: Callable[..., Any], required: set[str]) -> Expected:
    """Analyzes the rows and transforms them, all as one batch.

    Args:
        columns: float32, int64 or text; null where missing.
        function: The function.
        required: The columns that it is given as dense tensors.
    """
    import apache_beam as beam
    import tensorflow_transform as tft
    import tensorflow_transform.beam as tft_beam
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner
    from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder
    from tfx_bsl.tfxio import tensor_adapter

    batch = pa.RecordBatch.from_arrays([oracle._cells(column) for column in columns.values()], list(columns))
    tensors = {name: oracle._representation(name, dense=name in required) for name in columns}
    config = tensor_adapter.TensorAdapterConfig(batch.schema, tensors)
    oracle._forget()
    with tempfile.TemporaryDirectory() as folder:
        with beam.Pipeline(runner=FnApiRunner()) as pipeline, tft_beam.Context(temp_dir=folder):
            raw = (pipeline | beam.Create([batch]), config)
            (batches, _), transform_fn = raw | tft_beam.AnalyzeAndTransformDataset(function, output_record_batches=True)
            _ = batches | beam.MapTuple(
                lambda batch, _: feather.write_feather(pa.Table.from_batches([batch]), f"{folder}/batch")
            )
            _ = transform_fn | tft_beam.WriteTransformFn(f"{folder}/out")
        output = tft.TFTransformOutput(f"{folder}/out")
        encode = RecordBatchToExamplesEncoder(output.transformed_metadata.schema).encode
        table = feather.read_table(f"{folder}/batch", memory_map=False)
        return Expected(
            [example for batch in table.combine_chunks().to_batches() for example in encode(batch)],
            {path.name: path.read_bytes() for path in Path(folder, "out/transform_fn/assets").iterdir()},
            Path(folder, "out/transformed_metadata/schema.pbtxt").read_text(encoding="utf-8"),
        )
