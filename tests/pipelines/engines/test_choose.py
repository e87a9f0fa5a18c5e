"""Which engine runs a job, and Beam's options for each."""

import http.server
import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from apache_beam.options.pipeline_options import PipelineOptions, PortableOptions
from apache_beam.transforms.environments import DockerEnvironment, Environment

from shardmill.pipelines.engines import choose, endpoints
from shardmill.pipelines.engines.choose import choose_engine
from shardmill.pipelines.engines.engine import Engine, flink_master, option
from shardmill.pipelines.engines.ready import check_ready
from shardmill.schemas.errors import ConfigError, EngineError
from tests.support.stores.servers import running


@pytest.fixture
def nobody() -> str:
    """An address at which nobody listens."""
    with socket.socket() as held:
        held.bind(("localhost", 0))
        return f"localhost:{held.getsockname()[1]}"


@pytest.fixture
def flink() -> Iterator[str]:
    """A server that answers as Flink's `/overview` does."""

    class Overview(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/overview" else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"taskmanagers": 3, "slots-total": 6, "flink-version": "1.20.1"}).encode())

        def log_message(self, *_: object) -> None: ...

    with running(Overview) as server:
        yield f"localhost:{server.server_port}"


def test_the_local_engine_is_the_default() -> None:
    """Without --engine and --runner, pipelines run in this process; `--engine local` is the same."""
    assert choose_engine(None, (), 3) == Engine("local", (), 3)
    assert choose_engine("local", (), 3) == Engine("local", (), 3)
    assert Engine().is_local


def test_beams_own_runner_is_left_as_it_is() -> None:
    """`--runner` takes Beam's options unchanged."""
    args = ("--runner=FlinkRunner", "--flink_master=host:1")
    engine = choose_engine(None, args)
    assert engine.beam_args == args
    assert not engine.is_local


@pytest.mark.parametrize("name", ["flink", "spark"])
def test_a_cluster_is_reached_through_its_job_server(name: str) -> None:
    """Flink and Spark: Beam's usual job endpoint, and workers that `shardmill-worker` starts and that live on between stages."""
    args = choose_engine(name, ()).beam_args
    assert "--runner=PortableRunner" in args
    assert "--job_endpoint=localhost:8099" in args
    assert "--environment_type=PROCESS" in args
    config = json.loads(option(args, "--environment_config") or "")
    assert config == {"command": str(Path(sys.executable).parent / "shardmill-worker")}
    assert int(option(args, "--environment_cache_millis") or 0) >= 30_000


@pytest.mark.parametrize(
    ("name", "given", "runner"),
    [
        ("flink", "--flink_master=[local]", "--runner=FlinkRunner"),
        ("spark", "--spark_master_url=spark://host:7077", "--runner=SparkRunner"),
    ],
)
def test_a_masters_address_lets_beam_start_the_job_server(name: str, given: str, runner: str) -> None:
    """With the master's own address no job endpoint is named."""
    args = choose_engine(name, (given,)).beam_args
    assert runner in args
    assert option(args, "--job_endpoint") is None


def test_flinks_slots_are_the_parallelism(flink: str) -> None:
    """Where Flink's address is given, all of its slots are used."""
    assert "--parallelism=6" in choose_engine("flink", (f"--flink_master={flink}",)).beam_args
    args = choose_engine("flink", (f"--flink_master={flink}", "--parallelism=2")).beam_args
    assert [arg for arg in args if arg.startswith("--parallelism")] == ["--parallelism=2"]


def test_a_flink_without_slots_is_no_parallelism(flink: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster whose TaskManagers aren't there yet says nothing of how many work."""
    monkeypatch.setattr(choose, "flink_overview", lambda _: {"flink-version": "1.20.1", "slots-total": 0})
    assert option(choose_engine("flink", (f"--flink_master={flink}",)).beam_args, "--parallelism") is None


def test_flinks_own_version_chooses_the_job_server(flink: str) -> None:
    """Where Flink's address is given, the job server that Beam starts is for the cluster's version, unless the options say which."""
    assert "--flink_version=1.20" in choose_engine("flink", (f"--flink_master={flink}",)).beam_args
    for given in ("--flink_version=2.0", "--flink_job_server_jar=a.jar"):
        args = choose_engine("flink", (f"--flink_master={flink}", given)).beam_args
        assert [arg for arg in args if arg.startswith(("--flink_version", "--flink_job_server_jar"))] == [given]


@pytest.mark.parametrize(
    "given",
    [
        "--sdk_container_image=image",
        "--harness_docker_image=image",
        "--environment_type=EXTERNAL",
        "--environment_config=host:1",
        "--environment_option=external_service_address=host:1",
        "--environment_options=external_service_address=host:1",
    ],
)
def test_a_worker_of_ones_own_is_kept(given: str) -> None:
    """Who names an image or an environment gets no PROCESS environment."""
    args = choose_engine("flink", (given, "--job_endpoint=host:1")).beam_args
    assert given in args
    assert "--environment_type=PROCESS" not in args
    assert [arg for arg in args if arg.startswith("--job_endpoint")] == ["--job_endpoint=host:1"]


@pytest.mark.parametrize("name", ["flink", "spark", "prism"])
def test_an_image_is_what_beam_starts(name: str) -> None:
    """The image that `--sdk_container_image` names is that of the job's environment; an environment that is given wins."""
    args = choose_engine(name, ("--sdk_container_image=registry/shardmill:1",)).beam_args
    environment = Environment.from_options(PipelineOptions(list(args)).view_as(PortableOptions))
    assert isinstance(environment, DockerEnvironment)
    assert environment.container_image == "registry/shardmill:1"
    given = ("--sdk_container_image=image", "--environment_type=EXTERNAL", "--environment_config=host:1")
    assert "--environment_type=DOCKER" not in choose_engine(name, given).beam_args


def test_prism_may_take_longer_than_five_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prism: the binary on the PATH, and no end after Beam's default of 300 seconds."""
    monkeypatch.setattr(choose.shutil, "which", {"prism": "/opt/prism"}.get)
    args = choose_engine("prism", ()).beam_args
    assert "--runner=PrismRunner" in args
    assert "--prism_location=/opt/prism" in args
    assert int(option(args, "--job_server_timeout") or 0) > 86_400


@pytest.mark.parametrize(
    ("name", "args", "workers", "message"),
    [
        ("spork", (), None, "expected one of local, prism, flink, spark, dataflow, received 'spork'"),
        ("flink", ("--runner=SparkRunner",), None, "--engine=flink and --runner=SparkRunner both say what runs"),
        ("flink", (), 2, "--workers is for the local engine; on flink"),
        (None, ("--runner", "FlinkRunner"), 2, "--workers is for the local engine; on FlinkRunner"),
    ],
)
def test_what_contradicts_itself_is_refused(
    name: str | None, args: tuple[str, ...], workers: int | None, message: str
) -> None:
    """An unknown engine, two of them, and threads for an engine that has none are wrong usage."""
    with pytest.raises(ConfigError, match=message.replace("(", r"\(")):
        choose_engine(name, args, workers)


def test_an_option_is_found_in_both_spellings() -> None:
    """`--name=value` and `--name value` are the same; a name's beginning is another name."""
    assert option(("--a=1", "--bc", "2"), "--bc") == "2"
    assert option(("--a=1",), "--a") == "1"
    assert option(("--ab=1",), "--a") is None
    assert option(("--a",), "--a") == ""


def test_the_local_engine_keeps_the_options_of_file_systems() -> None:
    """What reads the input here for another engine goes by the same options, but for the runner."""
    engine = choose_engine(None, ("--runner", "DataflowRunner", "--s3_endpoint_url=x", "--template_location=gs://b/t"))
    assert engine.template == "gs://b/t"
    assert engine.here().is_local
    assert engine.here().beam_args == ("--s3_endpoint_url=x", "--template_location=gs://b/t")


def test_a_job_server_that_isnt_there_is_named(nobody: str) -> None:
    """Nobody at the job endpoint: one message, before anything is read."""
    with pytest.raises(EngineError, match=f"no job server answers at '{nobody}' .Connection refused.*--job_endpoint"):
        check_ready(choose_engine("flink", (f"--job_endpoint={nobody}",)))
    with pytest.raises(EngineError, match=f"no Flink JobManager answers at '{nobody}'"):
        check_ready(choose_engine("flink", (f"--flink_master={nobody}",)))


def test_a_prism_that_isnt_there_is_named() -> None:
    """A wrong --prism_location is said before anything is read."""
    with pytest.raises(EngineError, match="no program at --prism_location='/nowhere/prism'"):
        check_ready(choose_engine("prism", ("--prism_location=/nowhere/prism",)))


def test_a_prism_at_a_url_is_left_to_beam() -> None:
    """Beam downloads it."""
    check_ready(choose_engine("prism", ("--prism_location=https://example.org/prism.zip",)))


def test_what_beam_starts_by_itself_has_no_address() -> None:
    """Beam's words for a job server and a Flink of its own are no addresses to be looked at."""
    check_ready(choose_engine("flink", ("--job_endpoint=embed",)))
    assert flink_master(("--flink_master=[auto]",)) is None


def test_another_server_at_the_endpoint_is_found_out(flink: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who listens at the job endpoint and is no job server isn't waited for."""
    monkeypatch.setattr(endpoints, "_SECONDS_TO_CONNECT", 1.0)
    with pytest.raises(EngineError, match="the program that listens there doesn't speak gRPC"):
        check_ready(choose_engine("flink", (f"--job_endpoint={flink}",)))


def test_an_address_that_is_none_is_said(flink: str) -> None:
    """An address needs a port; one that answers is fine."""
    assert endpoints.unreachable("host") == "it isn't HOST:PORT"
    assert endpoints.unreachable(f"http://{flink}/") is None
    check_ready(choose_engine("flink", (f"--flink_master={flink}",)))


def test_a_url_may_name_no_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its scheme says which it is; a port that is none is said."""
    asked = []

    def connect(address: tuple[str, int], _: float) -> socket.socket:
        asked.append(address)
        return socket.socket()

    monkeypatch.setattr(endpoints.socket, "create_connection", connect)
    for address in ("https://flink.test", "http://flink.test/", "http://flink.test:81", "[::1]:82"):
        assert endpoints.unreachable(address) is None
    assert asked == [("flink.test", 443), ("flink.test", 80), ("flink.test", 81), ("::1", 82)]
    for address in ("ftp://flink.test", "flink.test:80x81", "flink.test:65536", "[::1:82", ":83"):
        assert endpoints.unreachable(address) == "it isn't HOST:PORT"


@pytest.mark.parametrize(
    "reply",
    [b"\0\0\6\4\0\0\0\0\0\0\5\0\0\x40\0", b"HTTP/1.0 200 OK\r\n\r\n[1]", b"HTTP/1.0 200 OK\r\n\r\nhello"],
    ids=["gRPC", "a list", "no JSON"],
)
def test_a_server_that_isnt_flink_says_nothing(reply: bytes) -> None:
    """Who doesn't speak HTTP, as a job server, or whose answer is no JSON object, is no Flink."""

    class Other(http.server.BaseHTTPRequestHandler):
        def handle(self) -> None:
            self.request.recv(1 << 16)
            self.wfile.write(reply)

    with running(Other) as server:
        address = f"localhost:{server.server_port}"
        assert endpoints.flink_overview(address) is None
        assert option(choose_engine("flink", (f"--flink_master={address}",)).beam_args, "--parallelism") is None


def test_a_flink_at_no_port_is_named() -> None:
    """A wrong spelling of the port is found by the check, not before."""
    assert endpoints.flink_overview("localhost:80x81") is None
    with pytest.raises(EngineError, match=r"no Flink JobManager answers at 'localhost:80x81' .it isn't HOST:PORT"):
        check_ready(choose_engine("flink", ("--flink_master=localhost:80x81", "--flink_submit_uber_jar")))


def test_the_last_of_equal_options_counts() -> None:
    """As for Beam itself."""
    assert option(["--job_endpoint=a:1", "--job_endpoint", "b:2"], "--job_endpoint") == "b:2"


@pytest.mark.parametrize("name", [None, "flink"])
def test_a_template_is_dataflows(name: str | None) -> None:
    """Another engine would run the job rather than write a template."""
    with pytest.raises(
        ConfigError, match=r"--template_location is for Dataflow, but the engine is .*; add --engine dataflow"
    ):
        choose_engine(name, ["--template_location=gs://bucket/template"])


def test_workers_of_ones_own_arent_this_process() -> None:
    """On Prism workers are threads of this process, unless Beam's options say where they are."""
    assert choose_engine("prism", ()).in_process
    assert not choose_engine("prism", ["--environment_type=DOCKER"]).in_process
    assert Engine().in_process
