"""Runs are published to object stores: marks last, claims respected, and nothing left of what failed."""

import json
import os
import time
from collections.abc import Sequence

import pytest

from shardmill.pipelines.job import input_files
from shardmill.pipelines.run_folder import publish as publish_module
from shardmill.pipelines.run_folder import publish_stage
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.pipelines.run_folder.output_folder import check_output_folder
from shardmill.pipelines.run_folder.publish import publish
from shardmill.pipelines.run_folder.work_folder import work_folder
from shardmill.schemas.errors import DataError, OutputError
from shardmill.transforms.files import copying, files
from shardmill.transforms.files.makers import machine
from tests.support.runs import FINISHED
from tests.support.stores.running import Server


def test_a_run_is_published_with_its_marks_last(server: Server) -> None:
    """The manifest and then `_SUCCESS` come after everything else; the work folder is gone; a finished run is kept or replaced whole."""
    output = f"{server.scheme}://bucket/deep/run"
    _publish(output, "first")
    assert server.names("bucket", "deep") == [f"deep/run/{name}" for name in ("_SUCCESS", "first", "manifest.json")]
    with pytest.raises(OutputError, match="holds a finished run"):
        _publish(output, "second")
    server.faults.clear()
    _publish(output, "second", overwrite=True)
    assert server.names("bucket", "deep") == [f"deep/run/{name}" for name in ("_SUCCESS", "manifest.json", "second")]
    written = [asked.target for asked in server.faults.asked if asked.method in {"PUT", "POST"}]
    places = [max(index for index, target in enumerate(written) if name in target) for name in ("second", "manifest")]
    assert places == sorted(places)
    files.remove(output)


def _publish(output: str, name: str, *, overwrite: bool = False) -> None:
    with work_folder(output, overwrite=overwrite) as work:
        for each in (name, "manifest.json"):
            with files.create(files.join(work, each)) as stream:
                stream.write(FINISHED)
        publish(work, output, overwrite=overwrite)


@pytest.mark.parametrize("overwrite", [False, True])
def test_of_two_runs_at_one_moment_one_is_published(
    server: Server, monkeypatch: pytest.MonkeyPatch, overwrite: bool
) -> None:
    """A run that ends while another is being copied to its output is refused, and the other is whole; a later one is told as ever."""
    output = f"{server.scheme}://bucket/both/run"
    if overwrite:
        _publish(output, "old")
    copy = publish_module._copy
    refused = []

    def overtaken(work: str, to: str, paths: Sequence[str]) -> None:
        with pytest.raises(
            OutputError, match=rf"another run is being published to '{output}': process \d+ on"
        ) as raised:
            publish(second, to, overwrite=overwrite)
        refused.append(raised)
        copy(work, to, paths)

    with work_folder(output, overwrite=overwrite) as second:
        with files.create(f"{second}/manifest.json") as stream:
            stream.write(FINISHED)
        monkeypatch.setattr(publish_module, "_copy", overtaken)
        _publish(output, "first", overwrite=overwrite)
        assert server.names("bucket", "both/run/") == [
            f"both/run/{name}" for name in ("_SUCCESS", "first", "manifest.json")
        ]
    assert len(refused) == 1
    assert not any(".publishing" in name for name in server.names("bucket", "both/"))
    files.remove(output)


@pytest.mark.parametrize(("host", "pid"), [("elsewhere", 1), (machine(), os.getppid())])
def test_a_claim_of_a_run_that_may_be_alive_is_respected(server: Server, host: str, pid: int) -> None:
    """Another machine's, and a live process's, is told before any work is done, with its age and the way on."""
    output = f"{server.scheme}://bucket/claimed/run"
    claim = {"work": f"{output}.incomplete-x-1-0123abcd", "host": host, "pid": pid, "since": time.time()}
    server.put("bucket", "claimed/run.publishing", json.dumps(claim).encode())
    message = rf"process {pid} on {host}, since 20.* UTC, from .*; if that run was killed, remove '{output}.publishing'"
    for look in (check_output_folder, _begin):
        with pytest.raises(OutputError, match=message):
            look(output, overwrite=True)
    files.remove(f"{output}.publishing")
    _publish(output, "first")
    files.remove(output)


def _begin(output: str, *, overwrite: bool) -> None:
    with work_folder(output, overwrite=overwrite):
        pass


@pytest.mark.parametrize("done", [False, True])
def test_what_a_run_left_that_was_killed_while_it_was_published_goes(server: Server, done: bool) -> None:
    """The next run on the machine removes its claim and its files in both places; one that was whole stays, and nothing else is touched."""
    output = f"{server.scheme}://bucket/killed/run"
    work = f"{output}.incomplete-{machine()}-{2**22 + 1}-0123abcd"
    facts = {"work": work, "host": machine(), "pid": 2**22 + 1, "since": time.time()}
    server.put("bucket", "killed/run.publishing", json.dumps(facts).encode())
    for name in ("shard", "manifest.json"):
        server.put("bucket", f"{work.removeprefix(f'{server.scheme}://bucket/')}/{name}", FINISHED)
    for name in ("shard", "manifest.json", "_SUCCESS") if done else ("shard",):
        server.put("bucket", f"killed/run/{name}", FINISHED)
    if done:
        check_output_folder(output, overwrite=True)
    _publish(output, "new", overwrite=done)
    assert server.names("bucket", "killed/") == [f"killed/run/{name}" for name in ("_SUCCESS", "manifest.json", "new")]
    files.remove(output)


def test_a_claim_that_names_anything_else_removes_nothing(server: Server) -> None:
    """A claim is anybody's file: one that names another folder than one to work in for the output isn't acted on."""
    output = f"{server.scheme}://bucket/stranger/run"
    server.put("bucket", "precious/a", b"x")
    facts = {"work": f"{server.scheme}://bucket/precious", "host": machine(), "pid": 2**22 + 1, "since": 0}
    far = json.dumps({**facts, "since": 1e300}).encode()
    for content in (json.dumps(facts).encode(), b"", b"[]", b'{"work": 1}', b"\xff", far, b"[" * 60000):
        server.put("bucket", "stranger/run.publishing", content)
        with pytest.raises(OutputError, match=rf"another run is being published to .*remove '{output}.publishing'"):
            _begin(output, overwrite=True)
    assert server.content("bucket", "precious/a") == b"x"
    for path in ("stranger", "precious"):
        files.remove(f"{server.scheme}://bucket/{path}")


def test_a_run_that_cannot_be_published_leaves_nothing(server: Server) -> None:
    """When copying fails, neither the output nor the work folder is there."""
    copies = "^POST .*copyTo.*run/first|^PUT /bucket/run/first"
    server.faults.plan(copies, 1, status=403)
    with pytest.raises(OutputError, match=r"can't write '.*run/first'"):
        _publish(f"{server.scheme}://bucket/run", "first")
    assert server.faults.hit
    assert server.names("bucket") == ["big"]


def test_attempts_at_publishing_leave_each_others_copies(server: Server) -> None:
    """Of two attempts the second removes what isn't part of the run, but nothing that the first has copied, not even where it fails."""
    work, output = (f"{server.scheme}://bucket/{name}" for name in ("work", "tried"))
    for path in (
        f"{work}/first",
        f"{work}/second",
        f"{work}/manifest.json",
        f"{output}/first",
        f"{output}/of-an-old-run",
    ):
        files.create(path).close()
    copies = "^POST .*copyTo.*tried/second|^PUT /bucket/tried/second"
    server.faults.plan(copies, 1, status=403)
    with pytest.raises(OutputError, match=r"can't write '.*tried/second'"):
        publish(work, output, overwrite=True, alone=False)
    assert server.names("bucket", "tried") == ["tried/first"]
    for path in (work, output):
        files.remove(path)


@pytest.mark.parametrize(("fails", "left"), [("second", ["first"]), ("manifest.json", ["first", "second"])])
def test_a_templates_attempt_that_fails_takes_nothing_away(server: Server, fails: str, left: list[str]) -> None:
    """An attempt of a template's job at publishing leaves what another one has copied; without its manifest a run looks unfinished."""
    work, output = (f"{server.scheme}://bucket/{name}" for name in ("work", "tried"))
    server.put("bucket", "work/manifest.json", b'{"rows": {"rejected": 1}}')
    for path in (f"{work}/first", f"{work}/second", f"{output}/first", f"{output}/_SUCCESS"):
        files.create(path).close()
    server.faults.plan(f"^POST .*copyTo.*tried/{fails}|^PUT /bucket/tried/{fails}", 1, status=403)
    with pytest.raises(OutputError, match=rf"can't write '.*tried/{fails}'"):
        publish_stage._publish(None, work, output, "dataflow", lambda *_: None)
    assert server.names("bucket", "tried") == [f"tried/{name}" for name in left]
    assert server.names("bucket", "work") == ["work/first", "work/manifest.json", "work/second"]
    for path in (work, output):
        files.remove(path)


def test_an_error_in_a_run_is_the_one_that_is_told(server: Server) -> None:
    """Where what a failed run has written can't be removed either, the user reads why it failed."""
    folder = f"{server.scheme}://bucket/run"

    def fail() -> None:
        with work_folder(folder, overwrite=False) as work:
            server.put("bucket", f"{work.partition('bucket/')[2]}/shard", b"x")
            server.faults.plan("^GET .*bucket.*prefix=", 1, status=403)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert server.faults.hit
    for name in server.names("bucket", "run"):
        files.remove(f"{server.scheme}://bucket/{name}")


@pytest.mark.parametrize("end", ["", "/"])
def test_a_bucket_is_no_output_folder(server: Server, end: str) -> None:
    """Beside a bucket nothing can be written; as an input it names no file."""
    bucket = f"{server.scheme}://bucket{end}"
    with pytest.raises(OutputError, match="is a whole bucket; name a folder in it"):
        _publish(bucket, "first")
    with pytest.raises(DataError, match="no file matches"):
        input_files.list_files({None: (bucket,)})


def test_another_attempt_may_have_published_meanwhile(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two attempts the slower one finds the work folder going away, and leaves what the faster one has published as it is."""
    work, output = (f"{server.scheme}://bucket/{name}" for name in ("work", "late"))
    with files.create(f"{work}/manifest.json") as stream:
        stream.write(FINISHED)
    files.create(f"{work}/first").close()
    copy = copying.copy

    def overtaken(source: str, target: str) -> None:
        monkeypatch.setattr(copying, "copy", copy)
        publish(work, output, overwrite=True, alone=False)
        files.remove(work)
        copy(source, target)

    monkeypatch.setattr(copying, "copy", overtaken)
    publish(work, output, overwrite=True, alone=False)
    published = [f"late/{name}" for name in ("_SUCCESS", "first", "manifest.json")]
    assert server.names("bucket", "late") == published
    publish(work, output, overwrite=True, alone=False)
    assert server.names("bucket", "late") == published
    files.remove(output)
    with pytest.raises(OutputError, match=r"has no manifest.json, so another attempt has removed it"):
        publish(work, output, overwrite=True, alone=False)


def test_only_a_finished_run_is_read(server: Server) -> None:
    """A run without `_SUCCESS`, as while it is copied, is none for readers; nor is it overwritten."""
    folder = f"{server.scheme}://bucket/half"
    server.put("bucket", "half/manifest.json", b"{}")
    with pytest.raises(DataError, match="isn't a finished run: it has no _SUCCESS"):
        FinishedRun.load(folder)
    with pytest.raises(OutputError, match="exists and isn't a finished run"), work_folder(folder, overwrite=True):
        pass
    files.remove(folder)
