"""`shardmill doctor --engine`: the way to an engine, and the sentence that says what is missing."""

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from shardmill.pipelines.doctor import connection
from shardmill.pipelines.doctor.connection import examine_engine
from shardmill.pipelines.engines import job_server, run_pipeline
from shardmill.schemas.errors import EngineError
from shardmill.schemas.installing import install_command
from tests.clusters.machines import golang
from tests.pipelines.cli.test_commands import call
from tests.pipelines.engines.test_choose import flink, nobody  # noqa: F401  (fixtures)
from tests.support.needs import needs


def missing(name: str, *beam_args: str, output: str = ".") -> dict[str, str]:
    """What isn't as it must be."""
    return {found.name: found.value for found in examine_engine(name, beam_args, output) if not found.ok}


def test_a_worker_has_written_on_the_way(tmp_path: Path) -> None:
    """On an engine that works, a worker has compared versions and written beside the output; nothing is left."""
    needs("go")
    done = call("doctor", "--engine=prism", f"--prism_location={golang.prism()}", f"--output={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert "same versions as here" in re.sub(r"[│\s]+", " ", done.stdout)
    assert "All that a run needs is here." in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_job_server_that_isnt_there_is_the_reason(nobody: str) -> None:  # noqa: F811
    """Nobody at the endpoint: exit status 1, and one sentence at the end."""
    done = call("doctor", "--engine=flink", f"--job_endpoint={nobody}")
    assert done.returncode == 1
    assert "Not ready: job server: no job server answers at" in " ".join(done.stdout.split())


def test_a_cluster_without_slots_is_the_reason(flink: str, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """A JobManager without TaskManagers can't run anything; one that isn't there is named."""
    monkeypatch.setattr(job_server.shutil, "which", {"java": "/usr/bin/java"}.get)
    monkeypatch.setattr(connection, "flink_overview", lambda _: {"flink-version": "1.16.3", "taskmanagers": 0})
    found = missing("flink", f"--flink_master={flink}")
    assert found.keys() == {"Flink"}
    assert "start TaskManagers" in found["Flink"]
    monkeypatch.setattr(connection, "flink_overview", lambda _: None)
    assert "no JobManager answers" in missing("flink", f"--flink_master={flink}")["Flink"]


def test_a_prism_that_isnt_there_is_the_reason() -> None:
    """A wrong --prism_location is said as `run` says it, and no job is tried."""
    found = missing("prism", "--prism_location=/nowhere/prism")
    assert list(found) == ["Prism"]
    assert found["Prism"].startswith("there is no program at --prism_location='/nowhere/prism'; give the path")


@pytest.mark.parametrize("kept", [False, True])
def test_no_folder_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool) -> None:
    """Folders that were made for the look are removed, unless something else is in them by then."""

    def fail(_: object, folder: str) -> None:
        assert Path(folder).is_dir()
        if kept:
            (tmp_path / "new" / "other").touch()
        raise EngineError("as the test wishes")

    monkeypatch.setattr(run_pipeline, "check_workers", fail)
    found = missing("prism", f"--prism_location={sys.executable}", output=str(tmp_path / "new" / "run"))
    assert found == {"a worker that writes the output": "as the test wishes"}
    assert [path.name for path in tmp_path.rglob("*")] == (["new", "other"] if kept else [])


def test_an_output_that_no_client_can_reach_is_the_reason() -> None:
    """Where there is no client for the output's store that is a finding, not the end of the report."""
    found = missing("prism", f"--prism_location={sys.executable}", output="nowhere://bucket/run")
    assert found["a worker that writes the output"].startswith("can't use 'nowhere://bucket/run/shardmill-doctor-")


def test_java_and_boot_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job server of Beam's needs Java here; where Beam's boot program is, is told, though only workers need it."""
    monkeypatch.setattr(job_server.shutil, "which", lambda _: None)
    monkeypatch.setattr(connection, "find_boot", lambda: None)
    found = {each.name: each for each in examine_engine("spark", ["--spark_master_url=spark://host:1"], ".")}
    java, boot = found["Java, for the job server"], found["Beam's boot program"]
    assert not java.ok
    assert "'java' wasn't found, and the job server that Beam starts is a Java program; install Java" in java.value
    assert boot.ok
    assert "SHARDMILL_BOOT" in boot.value


def test_java_isnt_looked_for_where_beam_submits_the_jar(flink: str, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """No job server is started then; its jar is needed all the same."""
    monkeypatch.setattr(run_pipeline, "check_workers", lambda *_: None)
    found = {each.name for each in examine_engine("flink", [f"--flink_master={flink}", "--flink_submit_uber_jar"], ".")}
    assert "Java, for the job server" not in found
    assert "the job server's jar" in found


def test_the_job_servers_jar_is_looked_for(tmp_path: Path) -> None:
    """A file, one that Beam has downloaded before, or what it will download; a file that isn't there is the reason."""
    options = ["--spark_master_url=spark://host:1", f"--jar_cache_dir={tmp_path}"]

    def jar(*more: str) -> str:
        return {each.name: each.value for each in examine_engine("spark", [*options, *more], ".")}[
            "the job server's jar"
        ]

    name = f"beam-runners-spark-3-job-server-{version('apache-beam')}.jar"
    assert re.fullmatch(rf"Beam downloads https://\S+/{name}", jar())
    (tmp_path / name).touch()
    assert jar() == str(tmp_path / name)
    assert jar(f"--spark_job_server_jar={tmp_path / name}") == str(tmp_path / name)
    found = missing("spark", *options, "--spark_job_server_jar=/nowhere.jar")
    assert found["the job server's jar"].startswith(
        "there is no file at --spark_job_server_jar='/nowhere.jar'; give the path"
    )


def test_options_that_contradict_each_other_are_the_reason() -> None:
    """What `run` would refuse is said by the report, too."""
    assert "both say what runs the pipeline" in missing("flink", "--runner=SparkRunner")["options"]


def test_a_worker_that_cant_write_is_the_reason() -> None:
    """An output folder where nothing can be made is found by trying."""
    needs("go")
    found = missing("prism", f"--prism_location={golang.prism()}", output="/proc")
    assert "can't write '/proc/" in found["a worker that writes the output"]


def test_the_workers_command_is_this_installations(nobody: str) -> None:  # noqa: F811
    """What starts workers is named, beside this interpreter."""
    found = {each.name: each.value for each in examine_engine("flink", (f"--job_endpoint={nobody}",), ".")}
    assert str(Path(sys.executable).parent / "shardmill-worker") in found["workers"]
    assert json.dumps({"command": str(Path(sys.executable).parent / "shardmill-worker")}) in found["options"]


def test_a_workers_command_that_isnt_there_is_the_reason(
    nobody: str,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where this interpreter has no `shardmill-worker` beside it, no worker can be started as it is here."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    found = missing("flink", f"--job_endpoint={nobody}")
    assert found["workers"] == f"'{tmp_path}/shardmill-worker' isn't here; install it with `{install_command()}`"


def test_an_image_is_what_workers_run(nobody: str) -> None:  # noqa: F811
    """Where workers are containers, their image is told, and neither a command nor Beam's boot program is looked for here."""
    options = (f"--job_endpoint={nobody}", "--sdk_container_image=registry/shardmill:1")
    found = {each.name: each.value for each in examine_engine("flink", options, ".")}
    assert found["workers"] == "containers of registry/shardmill:1"
    assert "Beam's boot program" not in found


def test_keys_arent_shown(nobody: str) -> None:  # noqa: F811
    """Of an option that is a key its name alone is told."""
    keys = ["--s3_secret_access_key=SESAME", "--s3_session_token", "SESAME", "--azure_connection_string=SESAME"]
    found = list(examine_engine("flink", [*keys, f"--job_endpoint={nobody}", "--s3_region_name", "here"], "."))
    assert "SESAME" not in str(found)
    assert "--s3_secret_access_key=... --s3_session_token ... --azure_connection_string=..." in found[0].value
    assert f"--job_endpoint={nobody} --s3_region_name here" in found[0].value


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (
            ['--environment_config={"command": "/opt/w", "env": {"AWS_SECRET_ACCESS_KEY": "SESAME"}}'],
            '--environment_config={"command": "/opt/w", "env": "..."}',
        ),
        (["--environment_config", '{"url": "h:1", "params": {"a": "SESAME"}}'], '{"url": "h:1", "params": "..."}'),
        (['--environment_config={"env": {"a": "SESAME"'], "--environment_config=..."),
        (["--environment_config=registry/image:1"], "--environment_config=registry/image:1"),
        (
            [
                "--environment_options=process_variables=A=SESAME,B=SESAME",
                "--environment_options=process_command=/opt/w",
            ],
            "--environment_options=process_variables=... --environment_options=process_command=/opt/w",
        ),
        (["--environment_option", "process_variables=A=SESAME"], "--environment_option process_variables=..."),
        (["--s3_endpoint_url=http://me:SESAME@host:1"], "--s3_endpoint_url=http://...@host:1"),
        (["--S3_SECRET=SESAME"], "--S3_SECRET=..."),
    ],
)
def test_variables_and_passwords_arent_shown(nobody: str, given: list[str], shown: str) -> None:  # noqa: F811
    """Of a worker's environment all but its variables is told, of a URL all but its user."""
    found = list(examine_engine("flink", [*given, f"--job_endpoint={nobody}"], "."))
    assert "SESAME" not in str(found)
    assert shown in found[0].value
