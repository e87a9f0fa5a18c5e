"""TF Transform's documented pipeline over the benchmark's files: what shardmill is measured against.

CSV lines through `ReadFromText` and `BeamRecordCsvTFXIO`, `AnalyzeAndTransformDataset`, `RecordBatchToExamplesEncoder`,
`WriteToTFRecord` (gzip by the suffix), on Beam's in-process runner, as in
https://www.tensorflow.org/tfx/tutorials/transform/census. Options of Beam pass through.

    python -m benchmarks.tft_pipeline --input 'DIR/data-*.csv' --schema DIR/schema.pbtxt --output OUT
"""

# Beam's and TF Transform's own types are partial.
# mypy: disable-error-code="no-untyped-call,attr-defined"

import argparse
import os
import tempfile
from collections.abc import Callable
from typing import Any

import apache_beam as beam
import tensorflow_transform.beam as tft_beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx_bsl.public import tfxio

from benchmarks.features import preprocessing_fn

Function = Callable[[dict[str, Any]], dict[str, Any]]


def run(
    source: str, schema_path: str, output: str, options: PipelineOptions, function: Function = preprocessing_fn
) -> None:
    """Runs the pipeline.

    Args:
        source: A pattern of CSV files with a header.
        schema_path: Their tensorflow-metadata Schema as text.
        output: The folder to write to.
        options: Beam's.
        function: The function to run.
    """
    with open(schema_path, encoding="utf-8") as file:
        schema = text_format.Parse(file.read(), schema_pb2.Schema())
    reader = tfxio.BeamRecordCsvTFXIO(
        physical_format="text", column_names=[each.name for each in schema.feature], schema=schema
    )
    with (
        tempfile.TemporaryDirectory() as temporary,
        # The runner that `--runner=DirectRunner` falls back to, named so that nothing is looked for on the network.
        beam.Pipeline(runner=FnApiRunner(), options=options) as pipeline,
        tft_beam.Context(temp_dir=temporary),
    ):
        raw = (
            pipeline
            | "ReadLines" >> beam.io.ReadFromText(source, skip_header_lines=1, coder=beam.coders.BytesCoder())
            | "DecodeLines" >> reader.BeamSource()
        )
        dataset = (raw, reader.TensorAdapterConfig())
        analyze_and_transform = tft_beam.AnalyzeAndTransformDataset(function, output_record_batches=True)
        (transformed, metadata), transform_fn = dataset | "AnalyzeAndTransform" >> analyze_and_transform
        encoder = tfxio.RecordBatchToExamplesEncoder(metadata.schema)
        path = os.path.join(output, "train")
        _ = (
            transformed
            | "EncodeExamples" >> beam.FlatMapTuple(lambda batch, _: encoder.encode(batch))
            | "WriteExamples" >> beam.io.WriteToTFRecord(path, file_name_suffix=".tfrecord.gz")
        )
        _ = transform_fn | "WriteTransformFn" >> tft_beam.WriteTransformFn(output)


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description="TF Transform's documented pipeline over the benchmark's files.")
    parser.add_argument("--input", required=True)
    parser.add_argument("--schema", required=True)
    parser.add_argument("--output", required=True)
    args, rest = parser.parse_known_args()
    run(args.input, args.schema, args.output, PipelineOptions(rest))


if __name__ == "__main__":
    main()
