"""The job server that Beam starts where none runs."""

import pytest

from shardmill.pipelines.engines.choose import choose_engine
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.engines.job_server import find_jar, flink_version, needs_java
from shardmill.pipelines.engines.ready import check_ready
from shardmill.schemas.errors import EngineError
from tests.pipelines.engines.test_choose import flink  # noqa: F401  (a fixture)
from tests.support.needs import needs


def test_java_is_looked_for() -> None:
    """A job server is a Java program: what would run it is said to be missing before anything is read."""
    engine = choose_engine("flink", ("--flink_master=[local]", "--job_server_java_launcher=/nowhere/java"))
    with pytest.raises(
        EngineError, match=r"'/nowhere/java' wasn't found, .* or give the address of a running job server"
    ):
        check_ready(engine)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("flink", ("--flink_master=host:1", "--flink_submit_uber_jar")),
        ("spark", ("--spark_master_url=spark://host:1", "--spark_submit_uber_jar")),
    ],
)
def test_a_jar_that_beam_submits_needs_no_java(name: str, options: tuple[str, str]) -> None:
    """With `--NAME_submit_uber_jar` no job server is started here."""
    assert needs_java(Engine(name, options[:1]))
    assert not needs_java(Engine(name, options))


def test_a_flink_of_the_job_servers_needs_java() -> None:
    """There is no cluster yet that the jar could be submitted to: Beam starts the job server all the same."""
    assert needs_java(Engine("flink", ("--flink_master=[local]", "--flink_submit_uber_jar")))


def test_java_isnt_asked_for_where_none_is_needed(flink: str) -> None:  # noqa: F811
    """A check of the engine passes without it."""
    options = (f"--flink_master={flink}", "--flink_submit_uber_jar", "--job_server_java_launcher=/nowhere/java")
    check_ready(choose_engine("flink", options))


def test_a_jar_that_isnt_there_is_named() -> None:
    """A wrong path is said before anything is read."""
    needs("java")
    engine = choose_engine("flink", ("--flink_master=[local]", "--flink_job_server_jar=/nowhere.jar"))
    with pytest.raises(
        EngineError, match=r"there is no file at --flink_job_server_jar='/nowhere.jar'; give the path of"
    ):
        check_ready(engine)


def test_a_url_is_left_to_beam() -> None:
    """A jar may be elsewhere."""
    url = "https://example.org/server.jar"
    assert find_jar(choose_engine("flink", ("--flink_master=[local]", f"--flink_job_server_jar={url}"))) == url


def test_flinks_version_is_that_of_a_job_server() -> None:
    """The first two numbers; one that Beam has no job server for is an error that says which it has."""
    assert flink_version({"flink-version": "1.20.1"}) == "1.20"
    assert flink_version({"flink-version": "2.0-SNAPSHOT"}) == "2.0"
    assert flink_version({}) is None
    with pytest.raises(
        EngineError, match=r"the cluster is Flink 1.16.3, and Beam publishes job servers for 1.19, .*_jar=FILE"
    ):
        flink_version({"flink-version": "1.16.3"})
