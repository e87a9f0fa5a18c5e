"""`shardmill validate`: finds what doesn't fit about new files."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2

from shardmill.pipelines.config.load import check_config, override
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job.input_files import list_files
from shardmill.pipelines.job.interruption import terminable
from shardmill.pipelines.validate.expectations import Wish, load_expected
from shardmill.pipelines.validate.measure import Measurement, Reader, measure
from shardmill.schemas.errors import ConfigError, OutputError
from shardmill.schemas.validation.find_anomalies import find_anomalies
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.workers import phases


@dataclass(frozen=True)
class Validated:
    """The outcome of a validation.

    Attributes:
        anomalies: What doesn't fit.
        measured: What was found in the files.
    """

    anomalies: anomalies_pb2.Anomalies
    measured: Measurement


def validate(
    patterns: Sequence[str],
    wish: Wish,
    progress: Progress,
    *,
    given: Mapping[str, Any],
    workers: int | None = None,
) -> Validated:
    """Validates files.

    Args:
        patterns: The files.
        wish: What to compare them with.
        progress: Shows the reading.
        given: Fields of their dialect that are known.
        workers: Threads. None means one per core.

    Raises:
        ConfigError: The schema can't be used.
        DataError: A file or the run can't be read.
    """
    phases.reset()
    expected = load_expected(wish)
    inputs = list_files({None: patterns})
    with terminable(), tempfile.TemporaryDirectory(prefix="shardmill-validate-") as folder:
        dialect = expected.dialect(inputs, given)
        measured = measure(inputs, expected, dialect, Reader(Engine(workers=workers), folder, progress))
    return Validated(find_anomalies(measured.dataset, expected.expectations), measured)


def dialect_settings(settings: Sequence[str]) -> dict[str, Any]:
    """The fields of a dialect that the command line gives.

    Args:
        settings: The values of `--set`: `input.key=value`.

    Raises:
        ConfigError: A setting isn't one of the dialect, or its value isn't as expected.
    """
    raw: dict[str, Any] = {}
    keys = override(raw, settings)
    wrong = next((key for key in keys if key[0] != "input" or key[1:2] in ((), ("files",), ("schema",))), None)
    if wrong is not None:
        raise ConfigError(
            f"--set {'.'.join(wrong)}: expected how the files are spelled, such as input.delimiter, received another setting; leave it out"
        )
    if not raw:
        return {}
    checked = check_config("--set", {"input": {"files": ["*.csv"], **raw["input"]}, "features": {"x": "numeric"}}, keys)
    dialect, plain = checked.input.dialect, Dialect()
    given = {name for name in raw["input"] if hasattr(plain, name)}
    found = {name: getattr(dialect, name) for name in given}
    return found | ({"numbers": dialect.numbers} if dialect.numbers else {})


def write_anomalies(found: anomalies_pb2.Anomalies, path: str) -> None:
    """Writes anomalies as text, as TFDV does.

    Args:
        found: The anomalies.
        path: The file.

    Raises:
        OutputError: It can't be written.
    """
    try:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text_format.MessageToString(found, as_utf8=True))
    except OSError as error:
        raise OutputError(f"can't write {path!r}: {error.strerror}; check --output") from error
