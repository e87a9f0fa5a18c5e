"""`shardmill init`: looks at the data and writes a configuration that `run` takes as it is."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipelines.engines import Engine
from pipelines.inference import profile_columns
from pipelines.paths import check_output, check_path, has_scheme
from pipelines.planning import text_size
from pipelines.progress import Progress
from pipelines.starter import starter_config
from schemas.errors import ConfigError, OutputError
from schemas.proto import format_schema
from transforms import files, listing
from transforms.records import InputFile
from transforms.sniffing import SAMPLE_BYTES, Sample, sniff
from transforms.streams import read_beginning

# The dialect is guessed from the beginnings of so many files.
_SAMPLED_FILES = 8


def init(patterns: Sequence[str], output: str, progress: Progress) -> None:
    """Writes a starter configuration and, beside it, the schema.

    Args:
        patterns: The input files.
        output: The configuration's file; the schema's has the same name with `.schema.pbtxt`.
        progress: Shows how far the look at the data is.

    Raises:
        ConfigError: A path can't be meant, or the output is remote.
        DataError: The files can't be read as CSV.
        OutputError: One of the two files exists, or can't be written.
    """
    for pattern in patterns:
        check_path("FILES", pattern)
    check_output(output)
    if has_scheme(output):
        raise ConfigError(
            f"--output: expected a local file, the only kind that a configuration is read from, received {output!r}"
        )
    schema_path = str(Path(output).with_suffix(".schema.pbtxt"))
    for path in (output, schema_path):
        if files.exists(path):
            raise OutputError(f"{path!r} exists and is left alone; choose another file with --output, or remove it")
    inputs = listing.list_files({None: patterns})
    dialect = sniff([_sample(found) for found in inputs[:_SAMPLED_FILES]])
    progress.phase("infer", text_size(inputs))
    with tempfile.TemporaryDirectory(prefix="shardmill-init-") as work:
        profiles, _ = profile_columns(inputs, dialect, work, Engine())
    schema = profiles.schema()
    folder = Path(output).parent
    named = [
        pattern if "://" in pattern or os.path.isabs(pattern) else os.path.relpath(pattern, folder)
        for pattern in patterns
    ]
    text = starter_config(named, dialect, Path(schema_path).name, schema, profiles, f"{Path(output).stem}-out")
    _write(schema_path, format_schema(schema))
    _write(output, text)


def _write(path: str, text: str) -> None:
    with files.writing(path):
        Path(path).write_text(text, encoding="utf-8")


def _sample(found: InputFile) -> Sample:
    with files.reading(found.path), files.open_at(found.path) as raw:
        data = read_beginning(raw, found.path, SAMPLE_BYTES + 1)
    return Sample(found.path, data[:SAMPLE_BYTES], complete=len(data) <= SAMPLE_BYTES)
