"""The command line: help, errors, exit statuses."""

import logging
import os
import signal
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import pytest

from shardmill.pipelines.cli import commands
from shardmill.schemas.errors import DataError
from shardmill.transforms.files.makers import machine

COMMAND = [sys.executable, "-c", "from shardmill.pipelines.cli.commands import main; main()"]
# What a shell starts in the background ignores Ctrl-C, what nohup starts ignores SIGHUP, and so does all that these start, unless told
# otherwise.
INTERRUPTIBLE = ["env", "--default-signal=INT,HUP", *COMMAND]
SMALL = '[input]\nfiles = "a.csv"\n[features]\nx = "numeric"\n'


def call(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the command line in a process of its own."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "COLUMNS": "100"}
    return subprocess.run([*COMMAND, *args], capture_output=True, text=True, cwd=cwd, env=env, timeout=120, check=False)


def call_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    """Runs the command line in this process: exit status, standard output, standard error."""
    monkeypatch.setattr(sys, "argv", ["shardmill", *args])
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())
    monkeypatch.setenv("TMPDIR", tempfile.gettempdir())
    # It ends the process without pytest's knowing.
    monkeypatch.setattr(commands, "_leave", sys.exit)
    try:
        with pytest.raises(SystemExit) as caught:
            commands.main()
    finally:
        # It silences the whole process's log, and tests that read the log may come after this one.
        logging.disable(logging.NOTSET)
    out, err = capsys.readouterr()
    return int(caught.value.code or 0), out, err


def test_no_arguments_show_the_help(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without arguments the help is shown, with the status of wrong usage."""
    status, out, err = call_here(monkeypatch, capsys)
    assert status == 2
    assert "Usage: shardmill" in out + err


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["rnu"], "No such command 'rnu'. Did you mean 'run'?"),
        (["run"], "Missing argument 'CONFIG'"),
        (["run", "x.toml", "--workers", "0"], "Invalid value for '--workers'"),
        (["inspect", "x", "--recrods", "2"], "No such option: --recrods"),
        (["verify", "x", "--sample", "0"], "Invalid value for '--sample'"),
        (["apply", "x", "--output", "y"], "Missing option '--input'"),
        (["apply", "x", "--input", "y"], "Missing option '--output'"),
        (
            ["apply", "x", "--input", "y", "-o", "z", "--splt=a"],
            "unknown option '--splt'; did you mean '--split'? It is neither an option of `shardmill apply` nor",
        ),
        (
            ["apply", "x", "--input", "a.csv", "b.csv", "-o", "z"],
            "unexpected argument 'b.csv': shardmill apply takes one",
        ),
        (
            ["run", "absent.toml"],
            "error: no configuration file 'absent.toml'; `shardmill init 'data/*.csv' -o absent.toml` writes one",
        ),
        (
            ["run", "s3://bucket/p.toml"],
            "error: a configuration is read from local files, received 's3://bucket/p.toml'",
        ),
        (["run", "absent.toml", "--engine", "fink"], "error: --engine: expected one of local, prism, flink, spark,"),
        (["apply", "absent", "--input", "y", "-o", "z", "--engine=fink"], "error: --engine: expected one of local,"),
        (["run", "absent.toml", "--engine=flink", "--workers=2"], "error: --workers is for the local engine; on flink"),
        (["run", "absent.toml", "--output", ""], "error: --output: expected a path, received ''; is a variable empty?"),
        (["init", "a.csv", "--output", ""], "error: --output: expected a path, received ''"),
        (["init", "a.csv", "-o", "s3://bucket/p.toml"], "error: --output: expected a local file"),
        (["demo", "--output", ""], "error: --output: expected a path, received ''"),
        (["apply", "x", "--input", "y", "--output", ""], "error: --output: expected a path, received ''"),
        (
            ["apply", "x", "--input", "y", "--output", "//"],
            "error: --output: expected a path with a name, received '//'",
        ),
        (["apply", "x", "--input", "s3:/y", "-o", "z"], "error: --input: expected a local path or one such as s3://"),
        (["apply", "gs://", "--input", "y", "-o", "z"], "error: RUN_DIR: expected a local path or one such as s3://"),
        (["verify", "s3:/bucket/run"], "error: RUN_DIR: expected a local path or one such as s3://BUCKET/FOLDER"),
        (["inspect", "s3:/bucket/run"], "error: PATH: expected a local path or one such as s3://BUCKET/FOLDER"),
        (["inspect", "", "--code"], "error: PATH: expected a path, received ''"),
        (["doctor", "--engine=prism", "--output="], "error: --output: expected a path, received ''"),
        (["doctor", "--output=."], "error: --output '.' is for a check of an engine; add --engine NAME"),
        (
            ["doctor", "--engine=prism", "--prism_locaton=x"],
            "unknown option '--prism_locaton'; did you mean '--prism_location'? It is neither an option of `shardmill doctor`",
        ),
    ],
)
def test_wrong_usage_ends_with_status_2(
    args: list[str], expected: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong usage and a wrong configuration get one message on standard error and status 2."""
    status, out, err = call_here(monkeypatch, capsys, *args)
    assert (status, out) == (2, "")
    assert expected in err
    assert "Traceback" not in err


def test_the_command_line_runs_as_a_module() -> None:
    """`python -m shardmill.pipelines.cli.commands` runs it, too."""
    done = subprocess.run(
        [sys.executable, "-m", "shardmill.pipelines.cli.commands", "run", "absent.toml"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: no configuration file 'absent.toml'")


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version_is_said(option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Both spellings say it, and nothing else."""
    assert call_here(monkeypatch, capsys, option) == (0, f"shardmill {metadata.version('shardmill')}\n", "")


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--ouput", "x"], "unknown option '--ouput'; did you mean '--output'?"),
        (
            ["--direct_runing_mode=in_memory"],
            "unknown option '--direct_runing_mode'; did you mean '--direct_running_mode'?",
        ),
        (["--direct_num_workers=many"], "Beam's options: argument --direct_num_workers: invalid int value: 'many'"),
        (["second.toml"], "unexpected argument 'second.toml': shardmill run takes one argument"),
        (["--runner=FlinkRuner"], "or a class with its module, received 'FlinkRuner'; did you mean 'FlinkRunner'?"),
    ],
)
def test_an_option_that_beam_does_not_know_is_refused(
    args: list[str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A typo isn't passed over as Beam would do."""
    (tmp_path / "p.toml").write_text(SMALL)
    status, _, err = call_here(monkeypatch, capsys, "run", str(tmp_path / "p.toml"), *args)
    assert status == 2
    assert expected in err


def test_beams_options_pass() -> None:
    """Beam's own options are accepted, and with a job server's runner any option, as the server may know it."""
    from shardmill.pipelines.engines.check_options import check_beam_args

    check_beam_args(["--runner=DirectRunner", "--direct_num_workers", "2", "--experiments=a,b", "--save_main_session"])
    check_beam_args(["--runner=FlinkRunner", "--object_reuse_mode=x"])


def test_a_failure_is_one_message_with_its_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """An error that explains itself is printed without a traceback; data errors end with status 1."""
    status, out, err = call_here(monkeypatch, capsys, "inspect", str(tmp_path / "absent"))
    assert (status, out) == (1, "")
    assert err == f"error: no file or folder at '{tmp_path / 'absent'}'; check the path\n"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_debug_shows_the_traceback(
    place: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With `--debug`, before the subcommand or after it, the traceback comes before the message."""
    args = ["inspect", str(tmp_path / "absent")]
    args.insert(place, "--debug")
    status, _, err = call_here(monkeypatch, capsys, *args)
    assert status == 1
    assert err.startswith("Traceback")
    assert DataError.__name__ in err


FAIL = """
import sys
from shardmill.pipelines.cli import commands as cli; from shardmill.pipelines.config import table as toml_table
def fail(path):
    raise {error}
toml_table.read_source = fail
import shardmill.pipelines.config.load
sys.argv = ["shardmill", "run", "x.toml", *{args}]
cli.main()
"""


def fail(error: str, *args: str) -> subprocess.CompletedProcess[str]:
    """Runs `shardmill run` in a process where reading the configuration raises."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    script = FAIL.format(error=error, args=list(args))
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=env, timeout=120, check=False
    )


def test_what_is_called_as_the_option_is_no_option(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A value that reads `--debug` shows no traceback."""
    status, _, err = call_here(monkeypatch, capsys, "init", "a.csv", "-o", "s3://--debug", "--", "--debug")
    assert status == 2
    assert err.startswith("error: --output: expected a local file")


def test_an_unforeseen_error_is_called_a_bug() -> None:
    """Any other exception is two lines that name `--debug`, and status 1; with `--debug` it is the traceback."""
    done = fail("ZeroDivisionError('by\\nnought')")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "error: ZeroDivisionError: by nought",
        "This is a bug in shardmill, or an unexpected failure; `--debug` shows the traceback.",
    ]
    done = fail("ZeroDivisionError('by nought')", "--debug")
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")


def test_ctrl_c_ends_with_status_130() -> None:
    """An interrupted run says so in one line."""
    done = fail("KeyboardInterrupt")
    assert done.returncode == 128 + signal.SIGINT
    assert done.stderr == "interrupted: nothing was published\n"


PUBLISHED = """
import sys
from shardmill.pipelines.cli import commands, engine_options
from shardmill.pipelines.console import summary
from shardmill.pipelines import run
def interrupt(*_, **__):
    raise KeyboardInterrupt
summary.print_summary = interrupt
sys.argv = ["shardmill", "run", "p.toml", "--output", "out"]
commands.main()
"""


def test_ctrl_c_after_publishing_says_so(tmp_path: Path) -> None:
    """A run that is interrupted while its summary is printed is there, and that is what is said; killed processes' folders are gone."""
    (tmp_path / "a.csv").write_text("x\n1\n2\n")
    (tmp_path / "p.toml").write_text(SMALL)
    (tmp_path / "temporary" / f"shardmill-process-{machine()}-{2**22 + 1}-0123abcd").mkdir(parents=True)
    env = os.environ | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "TMPDIR": str(tmp_path / "temporary"),
    }
    done = subprocess.run(
        [sys.executable, "-c", PUBLISHED],
        capture_output=True,
        text=True,
        env=env,
        cwd=tmp_path,
        timeout=120,
        check=False,
    )
    assert done.returncode == 128 + signal.SIGINT
    assert done.stderr.splitlines()[-1] == "interrupted, after the run was published: it is whole, in 'out'"
    assert (tmp_path / "out" / "_SUCCESS").exists()
    assert list((tmp_path / "temporary").iterdir()) == []


def test_an_endpoints_password_is_shown_by_debug_neither(tmp_path: Path) -> None:
    """What the client was given is in its error's traceback and in its log, but not in what is printed."""
    pytest.importorskip("boto3", reason="boto3 isn't installed")
    (tmp_path / "p.toml").write_text(SMALL.replace("a.csv", "s3://bucket/a.csv"))
    done = call("run", "p.toml", "-o", "out", "--s3_endpoint_url=s://me:SES/AME@host", "--debug", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "error: can't list 's3://bucket/a.csv': Custom endpoint `s://...@host` was not a valid URI" in done.stderr
    assert "SES" not in done.stderr + done.stdout
