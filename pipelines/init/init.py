"""`shardmill init`: writes a configuration that runs unedited."""

import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from shardmill.pipelines.config.input_section import KEYS
from shardmill.pipelines.config.paths import check_output, check_path, has_scheme
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.init.bad_rows import row_decisions
from shardmill.pipelines.init.choose_features import check_context, feature_lines
from shardmill.pipelines.init.feature_line import column_decisions
from shardmill.pipelines.init.input_lines import StarterPaths
from shardmill.pipelines.init.label_lines import guess_label
from shardmill.pipelines.init.next_steps import Starter
from shardmill.pipelines.init.starter import starter_config
from shardmill.pipelines.job import input_files
from shardmill.pipelines.survey.starter_request import StarterRequest, path_beside
from shardmill.pipelines.survey.survey import Survey, take_survey
from shardmill.schemas.errors import ConfigError, DataError, OutputError
from shardmill.schemas.inference.add_domains import add_domains
from shardmill.schemas.inference.column_evidence import evidence_of_profile
from shardmill.schemas.schema_pbtxt import format_proto, to_proto
from shardmill.transforms.csv.units import InputFile
from shardmill.transforms.files import files

_OTHER_FILES = {".toml": "a configuration", ".pbtxt": "a schema"}
# The line that a message advises for [input.rename].
_RENAMED = re.compile(r'\[input\.rename\] ("(?:[^"\\]|\\.)*") = ("(?:[^"\\]|\\.)*")')


def init(
    patterns: Sequence[str],
    output: str,
    progress: Progress,
    request: StarterRequest = StarterRequest(),  # noqa: B008  (frozen)
) -> Starter:
    """Writes a starter configuration and, beside it, the schema.

    Args:
        patterns: The input files.
        output: The configuration's file; the schema's has the same name with `.schema.pbtxt`.
        progress: Shows the progress of reading the data.
        request: The labels, split and settings that the command line asks for.

    Returns:
        The paths and labels that were written, for the message about the next steps.

    Raises:
        ConfigError: A path is malformed, a file is a configuration or a schema, the output is
            remote, or the request names a column that doesn't exist.
        DataError: The files can't be read as CSV.
        OutputError: One of the two files exists, or can't be written.
    """
    for pattern in patterns:
        check_path("FILES", pattern)
        _refuse_undecodable("FILES", pattern)
    _refuse_undecodable("--output", output)
    schema_path = _schema_beside(output)
    inputs = input_files.list_files({None: patterns})
    refuse_other_files(inputs)
    with advising():
        survey, request = take_survey(inputs, request, progress)
        lines = feature_lines(survey, request)
        check_context(lines, request)
        folder = request.table("output").get("dir", f"{Path(output).stem}-out")
        paths = StarterPaths([path_beside(pattern, output) for pattern in patterns], Path(schema_path).name, folder)
        text = starter_config(paths, survey, lines, request)
    guess = guess_label(survey, lines)
    labels = tuple(request.label_columns.values())
    _write(schema_path, _schema_text(survey))
    _write(output, text)
    return Starter(
        output,
        schema_path,
        folder,
        labels,
        guess.example,
        decisions=(
            *survey.decisions,
            *row_decisions(survey, request, guess.name),
            *(() if labels else (guess.decision,)),
            *column_decisions(lines),
        ),
    )


def refuse_other_files(inputs: Sequence[InputFile]) -> None:
    """Refuses files of the kinds that `init` itself writes.

    They might parse as CSV.

    Args:
        inputs: The files.

    Raises:
        ConfigError: There is one.
    """
    for found in inputs:
        what = next((what for suffix, what in _OTHER_FILES.items() if found.path.lower().endswith(suffix)), None)
        if what is not None:
            raise ConfigError(
                f"FILES: expected CSV files, received {what}, {found.path!r}; give the files with the data, for example 'data/*.csv'"
            )


def _refuse_undecodable(where: str, path: str) -> None:
    """Refuses a path that a configuration, UTF-8, can't hold."""
    try:
        path.encode()
    except UnicodeEncodeError:
        raise ConfigError(
            f"{where}: expected a path in UTF-8, as a configuration is, received {path!r}; rename the file or folder"
        ) from None


def _schema_beside(output: str) -> str:
    check_output(output)
    if has_scheme(output):
        raise ConfigError(
            f"--output: expected a local file, the only kind that a configuration is read from, received {output!r}"
        )
    if not Path(output).parent.is_dir():
        raise OutputError(
            f"--output: expected a file in a folder that exists, received {output!r}; make the folder, or choose another"
        )
    schema_path = str(Path(output).with_suffix(".schema.pbtxt"))
    found = [path for path in (output, schema_path) if _exists(path)]
    if found:
        several = len(found) > 1
        raise OutputError(
            f"{' and '.join(map(repr, found))} {'exist' if several else 'exists'} and {'are' if several else 'is'}n't"
            f" overwritten; choose another file with --output, or remove {'them' if several else 'it'}"
        )
    return schema_path


def _exists(path: str) -> bool:
    with files.writing(path):
        return files.exists(path)


@contextmanager
def advising() -> Iterator[None]:
    """Adds the `--set` option to a message that advises it.

    There is no configuration yet into which to write the advised setting.
    """
    try:
        yield
    except DataError as error:
        keys = "|".join(KEYS)
        found = re.findall(rf"\[input\] ({keys})\b|\b({keys}) = ", str(error)) if "[input]" in str(error) else []
        advised = [f"--set input.{name}=..." for name in dict.fromkeys(one or other for one, other in found)]
        renamed = _RENAMED.search(str(error))
        if renamed:
            advised.insert(0, f"--set {shlex.quote(f'input.rename.{renamed[1]}={renamed[2]}')}")
        if not advised:
            raise
        raise DataError(f"{str(error).removesuffix('.')} ({', '.join(advised)})") from error


def _schema_text(survey: Survey) -> str:
    """Returns the schema's text, with domains for new data."""
    schema = to_proto(survey.schema)
    add_domains(schema, {profile.name: evidence_of_profile(profile) for profile in survey.profiles})
    return format_proto(schema)


def _write(path: str, text: str) -> None:
    with files.writing(path):
        Path(path).write_text(text, encoding="utf-8")
