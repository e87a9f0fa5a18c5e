"""The main job with its input and output in object stores: the bytes of a local run, with faults, too; nothing secret is shown."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from shardmill.pipelines import apply, run
from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.choose import choose_engine
from shardmill.pipelines.inspect.inspect import inspect_path
from shardmill.pipelines.job.column_types import load_any_schema
from shardmill.pipelines.job.run_job import RunResult
from shardmill.pipelines.verify.verify import verify
from shardmill.schemas.errors import DataError, OutputError
from tests.pipelines.cli.test_commands import INTERRUPTIBLE
from tests.support.needs import needs_google
from tests.support.runs import files_of
from tests.support.stores import gcs, s3

pytestmark = pytest.mark.usefixtures("shared_tracer")

Server = gcs.Gcs | s3.S3
ROWS = 500_000
TOML = """
[input]
files = ["{files}"]

[split]
train = 0.8
eval = 0.2

[features]
x = "z_score"
city = {{ kind = "vocabulary", num_oov_buckets = 1 }}
known = {{ kind = "vocabulary", column = "city", file = "{tokens}", num_oov_buckets = 1 }}
y = "label"

[output]
shards = 3
"""
# What says where the files are.
_PLACES = {"manifest.json", "report.html", "_SUCCESS"}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of more than one unit, and a small one."""
    folder = tmp_path_factory.mktemp("table")
    draw = np.random.default_rng(7)
    rows = pa.table(
        {
            "id": np.arange(ROWS),
            "x": draw.normal(size=ROWS),
            "city": pa.array(["Oslo", 'La "Paz"', "New\nYork", "München"]).take(pa.array(draw.integers(4, size=ROWS))),
            "y": draw.normal(size=ROWS),
        }
    )
    pyarrow.csv.write_csv(rows, folder / "a.csv")
    pyarrow.csv.write_csv(rows.slice(0, 1000), folder / "b.csv")
    assert (folder / "a.csv").stat().st_size > 20 << 20
    return folder


@pytest.fixture(scope="module")
def local(table: Path) -> Path:
    """What the main job makes of the table on local disk."""
    _run(table, f"{table}/*.csv", str(table / "run"), ())
    return table / "run"


@pytest.fixture(scope="module", params=[gcs, s3], ids=["gs", "s3"])
def server(request: pytest.FixtureRequest, table: Path, local: Path) -> Iterator[Server]:
    """A server that has the table; after the local run, which sets the options of Beam's file systems, too."""
    if request.param is gcs:
        needs_google()
    with request.param.serve("bucket") as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        patch.setattr(FileSystems, "_pipeline_options", PipelineOptions(list(server.beam_args)))
        for path in table.glob("*.csv"):
            server.put("bucket", f"in/{path.name}", path.read_bytes())
        yield server


@dataclass(frozen=True)
class Stored:
    """A run in a store.

    Attributes:
        server: Where it is.
        folder: Its path.
        ranges: The ranges of the input that were asked for.
        pieces: The ranges of part files that were asked for.
    """

    server: Server
    folder: str
    ranges: list[str | None]
    pieces: list[str | None]


@pytest.fixture(scope="module")
def stored(server: Server, table: Path) -> Stored:
    """What the main job makes of the table in the store, in the same store."""
    server.faults.clear()
    folder = f"{server.scheme}://bucket/out/run"
    _run(table, f"{server.scheme}://bucket/in/*.csv", folder, server.beam_args)
    return Stored(server, folder, _ranges(server, "in/a.csv"), _ranges(server, "parts/part-"))


def _ranges(server: Server, name: str) -> list[str | None]:
    return [
        asked.range
        for asked in server.faults.asked
        if asked.method == "GET" and name in asked.target and ("alt=media" in asked.target or asked.range)
    ]


def _run(folder: Path, files: str, output: str, beam_args: tuple[str, ...], *, resume: bool = False) -> RunResult:
    config = folder / "pipeline.toml"
    config.write_text(TOML.format(files=files, tokens=_tokens(folder)))
    engine = choose_engine(None, beam_args, workers=2)
    checked = load_config(str(config), output=output)
    return run.run(checked, overwrite=False, engine=engine, progress=Progress(quiet=True), resume=resume)


def _tokens(folder: Path) -> Path:
    """A vocabulary's file, which stays on this machine."""
    path = folder / "tokens.txt"
    path.write_text("München\nOslo\n")
    return path


def _fetch(server: Server, folder: str, target: Path) -> Path:
    for name in server.names("bucket", f"{folder}/"):
        path = target / name.removeprefix(f"{folder}/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(server.content("bucket", name))
    return target


def test_a_schema_may_be_in_the_store(stored: Stored) -> None:
    """A schema file is read from where it is; one that isn't there is named."""
    path = f"{stored.folder}/metadata/schema.pbtxt"
    assert load_any_schema(path).names == ("id", "x", "city", "y")
    with pytest.raises(DataError, match=r"can.t read .*nowhere\.pbtxt"):
        load_any_schema(path.replace("schema.pbtxt", "nowhere.pbtxt"))


def test_the_bytes_are_those_of_a_local_run(stored: Stored, local: Path, tmp_path: Path) -> None:
    """Shards, vocabularies, schemas and statistics are byte-equal; the manifest but for the places; no work folder is left."""
    fetched = _fetch(stored.server, "out/run", tmp_path)
    ours, theirs = files_of(fetched), files_of(local)
    assert sorted(ours) == sorted(theirs)
    assert [name for name in ours if name not in _PLACES and ours[name] != theirs[name]] == []
    manifests = [json.loads(each["manifest.json"]) for each in (ours, theirs)]
    assert [each["splits"] for each in manifests[:1]] == [each["splits"] for each in manifests[1:]]
    assert {name.split("/")[1] for name in stored.server.names("bucket", "out")} == {"run"}


def test_a_finished_run_in_the_store_is_not_repeated(stored: Stored, table: Path) -> None:
    """With `--resume`, the input there has the checksums that the run's manifest gives; no object is added."""
    names = stored.server.names("bucket", "")
    files = f"{stored.server.scheme}://bucket/in/*.csv"
    assert _run(table, files, stored.folder, stored.server.beam_args, resume=True).was_finished
    assert stored.server.names("bucket", "") == names


def test_units_are_read_by_ranges(stored: Stored, table: Path) -> None:
    """No request asks for all of a large file, and five passes fetch little more than five times its bytes, in few requests."""
    size = (table / "a.csv").stat().st_size
    lengths = [_length(each) for each in stored.ranges]
    assert max(lengths) < size
    assert sum(lengths) < 5.02 * size
    assert len(lengths) < 60


def test_shards_are_read_out_of_part_files_by_ranges(stored: Stored) -> None:
    """No byte of a part file is fetched twice, nor one of another shard."""
    manifest = json.loads(stored.server.content("bucket", "out/run/manifest.json"))
    written = [shard["bytes"] for split in manifest["splits"].values() for shard in split["shards"]]
    assert sum(map(_length, stored.pieces)) == sum(written)


def _length(header: str | None) -> int:
    assert header is not None
    start, stop = header.removeprefix("bytes=").split("-")
    return int(stop) - int(start) + 1


def test_a_run_in_a_store_is_verified_inspected_and_applied(
    stored: Stored, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What works on a local run does on one in a store: its rows are made again, and its graph takes new rows into a local folder."""
    checks = verify(stored.folder, 1000, 2, Progress(quiet=True))
    assert [check.problems for check in checks if check.problems] == []
    inspect_path(stored.folder, 5)
    assert "train" in capsys.readouterr().out
    application = apply.Application(stored.folder, (f"{stored.server.scheme}://bucket/in/b.csv",))
    engine = choose_engine(None, stored.server.beam_args, workers=2)
    result = apply.apply(
        application, str(tmp_path / "new"), overwrite=False, engine=engine, progress=Progress(quiet=True)
    )
    assert result.manifest["rows"]["written"] == 1000


def test_faults_on_the_way_change_nothing(stored: Stored, table: Path, tmp_path: Path) -> None:
    """With answers of 503, connections cut in mid-object and slowness all through the job, the shards are the same."""
    server = stored.server
    server.faults.clear()
    for match in (
        "^GET .*in/b.csv",
        "^GET .*parts/",
        "^(PUT|POST) .*parts",
        "^(PUT|POST) .*train-",
        "^(PUT|POST) .*out/faulty/",
    ):
        server.faults.plan(match, 1, status=503)
        server.faults.plan(match, 1, cut=100)
        server.faults.plan(match, 1, seconds=0.2)
    base = f"{server.scheme}://bucket"
    _run(table, f"{base}/in/b.csv", f"{base}/out/faulty", server.beam_args)
    assert len(server.faults.hit) >= 10
    server.faults.clear()
    _run(table, f"{base}/in/b.csv", f"{base}/out/quiet", server.beam_args)
    faulty, quiet = (files_of(_fetch(server, f"out/{name}", tmp_path / name)) for name in ("faulty", "quiet"))
    assert [name for name in quiet if name not in _PLACES and faulty.get(name) != quiet[name]] == []


FUNCTIONS = """
import tensorflow as tf
import tensorflow_transform as tft


def preprocessing_fn(inputs):
    return {"x": tft.scale_to_z_score(inputs["x"]), "y": inputs["y"]}


def derive(inputs):
    return {"twice": tf.multiply(inputs["x"], 2.0)}
"""
USES = {
    "function": 'preprocessing_fn = "{file}:preprocessing_fn"\n[input]\nfiles = ["{csv}"]\n',
    "derived": 'derive = "{file}:derive"\n[input]\nfiles = ["{csv}"]\n[features]\ntwice = "z_score"\n',
}


@pytest.mark.parametrize("use", USES)
def test_functions_need_no_store_of_tensorflows(server: Server, table: Path, tmp_path: Path, use: str) -> None:
    """What TensorFlow writes and reads is on this machine, since it knows few stores: the run is that of a local output."""
    pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
    (tmp_path / "functions.py").write_text(FUNCTIONS)
    config = tmp_path / "p.toml"
    config.write_text(USES[use].format(file=tmp_path / "functions.py", csv=table / "b.csv"))
    for output in (f"{server.scheme}://bucket/out/{use}", str(tmp_path / "run")):
        engine = choose_engine(None, server.beam_args, workers=2)
        run.run(load_config(str(config), output=output), overwrite=False, engine=engine, progress=Progress(quiet=True))
    stored, local = files_of(_fetch(server, f"out/{use}", tmp_path / "fetched")), files_of(tmp_path / "run")
    assert [name for name in local if name not in _PLACES and local[name] != stored.get(name)] == []


def test_what_may_not_be_used_is_said_before_the_analysis(stored: Stored, table: Path) -> None:
    """An output bucket that isn't there, or an input that isn't, is one message, and no row has been read."""
    server, base = stored.server, f"{stored.server.scheme}://bucket"
    server.faults.clear()
    with pytest.raises(OutputError, match=r"can't write '.*nosuch/run': .*bucket does not exist"):
        _run(table, f"{base}/in/*.csv", f"{server.scheme}://nosuch/run", server.beam_args)
    with pytest.raises(DataError, match=r"can't list '.*nosuch/\*\.csv': .*bucket does not exist"):
        _run(table, f"{server.scheme}://nosuch/*.csv", f"{base}/out/none", server.beam_args)
    assert not any("in/" in asked.target and asked.range for asked in server.faults.asked)
    assert server.names("bucket", "out/none") == []


@pytest.mark.parametrize("when", ["", "/parts/part-", "/transform_fn/", "/train-"])
def test_interrupting_leaves_nothing(stored: Stored, table: Path, when: str) -> None:
    """After Ctrl-C nothing is left in the store, neither where the run was at work nor at its output, and one line says so."""
    server, base = stored.server, f"{stored.server.scheme}://bucket"
    server.faults.clear()
    config = table / "interrupted.toml"
    config.write_text(TOML.format(files=f"{base}/in/*.csv", tokens=_tokens(table)))
    command = [*INTERRUPTIBLE, "run", str(config), f"--output={base}/left/run", "--quiet", *server.beam_args]
    with subprocess.Popen(command, env=os.environ | server.environment, stderr=subprocess.PIPE, text=True) as process:
        while not any(when in name for name in server.names("bucket", "left/run.incomplete-")):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "interrupted: nothing was published\n")
    assert server.names("bucket", "left/") == []


def test_nothing_secret_is_shown(stored: Stored, table: Path) -> None:
    """Neither the manifest nor the report has a key, nor what a failing run prints with --debug."""
    server, base = stored.server, f"{stored.server.scheme}://bucket"
    server.faults.clear()
    server.faults.plan("in/b.csv", 99, status=403)
    config = table / "secret.toml"
    config.write_text(TOML.format(files=f"{base}/in/b.csv", tokens=_tokens(table)))
    keys = [f"--s3_access_key_id={s3.KEY_ID}", f"--s3_secret_access_key={s3.SECRET}"] if server.scheme == "s3" else []
    options = ["--output", f"{base}/out/secret", "--debug", *server.beam_args, *keys]
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from shardmill.pipelines.cli.commands import main; main()",
            "run",
            str(config),
            *options,
        ],
        env=os.environ | server.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "can't" in done.stderr
    shown = [done.stdout.encode(), done.stderr.encode(), server.content("bucket", "out/run/manifest.json")]
    assert [secret for secret in server.secrets for each in shown if secret.encode() in each] == []
