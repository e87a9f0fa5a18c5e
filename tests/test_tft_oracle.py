"""TF Transform as the oracle: the same columns of real data through its pipeline and through ours."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather

from tests.runs import flights_csv, read_split, run_toml

pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
pytestmark = pytest.mark.usefixtures("shared_tracer")

BUCKETS = 10


@dataclass(frozen=True)
class Table:
    """A data set: its CSV with a header, and the columns to compare."""

    path: Path
    numbers: tuple[str, ...]
    integers: tuple[str, ...]
    texts: tuple[str, ...]

    @property
    def frame(self) -> pd.DataFrame:
        """The text of all columns, NaN where missing."""
        return pd.read_csv(self.path, dtype=str, keep_default_na=False, na_values=["", "NA", "?"])


def _housing(shared: Path, _: Path) -> Table:
    path = shared / "california_housing" / "housing.csv"
    return Table(path, ("median_income", "total_bedrooms", "longitude"), (), ("ocean_proximity",))


def _census(shared: Path, folder: Path) -> Table:
    names = ["age", "workclass", "fnlwgt", "education", "years", "marital", "occupation", "relation", "race", "sex"]
    names += ["gain", "loss", "hours", "country", "income"]
    frame = pd.read_csv(shared / "census_income" / "adult.data.gz", names=names, dtype=str, skipinitialspace=True)
    frame.to_csv(folder / "census.csv", index=False)
    return Table(
        folder / "census.csv",
        (),
        ("age", "fnlwgt", "gain", "hours"),
        ("workclass", "education", "occupation", "country"),
    )


def _flights(_: Path, folder: Path) -> Table:
    return Table(flights_csv(folder), (), ("dep_delay", "arr_delay", "distance"), ("carrier", "tailnum", "dest"))


@pytest.mark.parametrize("prepare", [_housing, _census, _flights])
def test_outputs_are_tf_transforms(prepare: Any, shared_data: Path, tmp_path: Path) -> None:
    """z-score, min-max, bucketize and vocabulary give TF Transform's outputs, row by row, and its vocabularies, line by line."""
    table = prepare(shared_data, tmp_path)
    run_dir = run_toml(tmp_path, _toml(table))
    ours = read_split(run_dir)
    theirs, vocabularies = _tf_transform(table)
    missing = table.frame.isna()
    for name, values in theirs.items():
        column = name.rpartition("-")[0]
        present = ~missing[column].to_numpy()
        if values.dtype == np.float32:
            # TF Transform adds up in float32: its mean may be the float32 next to the true one.
            np.testing.assert_allclose(ours[name][present], values, rtol=1e-5, atol=1e-5, err_msg=name)
        else:
            np.testing.assert_array_equal(ours[name][present], values, err_msg=name)
    for column, tokens in vocabularies.items():
        assert (run_dir / "transform_fn" / "assets" / f"{column}-vocabulary").read_bytes() == tokens


def _toml(table: Table) -> str:
    lines = [f'[input]\nfiles = ["{table.path}"]\nnull_values = ["", "NA", "?"]\n[output]\nshuffle = false\n[features]']
    for name in (*table.numbers, *table.integers):
        lines.append(f'{name}-z_score = {{ kind = "z_score", column = "{name}" }}')
        lines.append(f'{name}-min_max = {{ kind = "min_max", column = "{name}" }}')
        lines.append(f'{name}-bucketize = {{ kind = "bucketize", column = "{name}", num_buckets = {BUCKETS} }}')
    lines += [
        f'{name}-vocabulary = {{ kind = "vocabulary", column = "{name}", num_oov_buckets = 1 }}' for name in table.texts
    ]
    return "\n".join(lines)


def _tf_transform(table: Table) -> tuple[dict[str, np.ndarray], dict[str, bytes]]:
    """TF Transform's outputs at the rows that have a value, and its vocabulary files."""
    import apache_beam as beam
    import tensorflow as tf
    import tensorflow_transform as tft
    import tensorflow_transform.beam as tft_beam
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner
    from tfx_bsl.tfxio import tensor_adapter

    kinds = {
        **dict.fromkeys(table.numbers, tf.float32),
        **dict.fromkeys(table.integers, tf.int64),
        **dict.fromkeys(table.texts, tf.string),
    }
    batch = _lists(table, kinds)
    config = tensor_adapter.TensorAdapterConfig(batch.schema, _representations(kinds))

    def preprocessing_fn(inputs: Mapping[str, Any]) -> dict[str, Any]:
        outputs = {}
        for name in (*table.numbers, *table.integers):
            outputs[f"{name}-z_score"] = tft.scale_to_z_score(inputs[name])
            outputs[f"{name}-min_max"] = tft.scale_by_min_max(inputs[name])
            # So small an epsilon makes TF Transform's quantiles exact on data of this size.
            outputs[f"{name}-bucketize"] = tft.bucketize(inputs[name], BUCKETS, epsilon=1e-7)
        for name in table.texts:
            outputs[f"{name}-vocabulary"] = tft.compute_and_apply_vocabulary(
                inputs[name], num_oov_buckets=1, vocab_filename=name
            )
        return outputs

    # What TF Transform's mappers note on the default graph when they are called eagerly, as other tests do, it would take for
    # this function's own.
    default = tf.compat.v1.get_default_graph()
    for key in default.get_all_collection_keys():
        default.clear_collection(key)
    with tempfile.TemporaryDirectory() as temporary:
        with beam.Pipeline(runner=FnApiRunner()) as pipeline, tft_beam.Context(temp_dir=temporary):
            raw = (pipeline | beam.Create([batch]), config)
            (batches, _), transform_fn = raw | tft_beam.AnalyzeAndTransformDataset(
                preprocessing_fn, output_record_batches=True
            )
            _ = batches | beam.MapTuple(
                lambda batch, _: feather.write_feather(pa.Table.from_batches([batch]), f"{temporary}/batch")
            )
            _ = transform_fn | tft_beam.WriteTransformFn(f"{temporary}/out")
        output = tft.TFTransformOutput(f"{temporary}/out")
        vocabularies = {name: Path(output.vocabulary_file_by_name(name)).read_bytes() for name in table.texts}
        result = feather.read_table(f"{temporary}/batch", memory_map=False)
    return {name: _flat(result[name]) for name in result.column_names}, vocabularies


def _lists(table: Table, kinds: Mapping[str, Any]) -> pa.RecordBatch:
    """Each cell as a list: of one value, or of none where it is missing."""
    frame = table.frame
    arrays = []
    for name, kind in kinds.items():
        present = frame[name].notna().to_numpy()
        cells = frame[name][present]
        dtype = {"float32": pa.float32(), "int64": pa.int64(), "string": pa.binary()}[kind.name]
        values = pa.array(list(cells), pa.string()).cast(dtype)
        arrays.append(
            pa.LargeListArray.from_arrays(pa.array(np.concatenate([[0], np.cumsum(present)]), pa.int64()), values)
        )
    return pa.RecordBatch.from_arrays(arrays, list(kinds))


def _representations(kinds: Mapping[str, Any]) -> dict[str, Any]:
    from tensorflow_metadata.proto.v0 import schema_pb2

    return {
        name: schema_pb2.TensorRepresentation(
            varlen_sparse_tensor=schema_pb2.TensorRepresentation.VarLenSparseTensor(column_name=name)
        )
        for name in kinds
    }


def _flat(column: pa.ChunkedArray) -> np.ndarray:
    values = column.combine_chunks()
    while pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        values = values.flatten()
    return values.to_numpy(zero_copy_only=False)
