"""Explains why an engine failed, in one message."""

import json
import re
from importlib.metadata import version

from shardmill.pipelines.engines.engine import Engine, option
from shardmill.schemas import errors
from shardmill.schemas.errors import EngineError, ShardmillError
from shardmill.schemas.messages import shortened

# Text that Beam appends to a worker's error, and the pattern of such an error in the traceback that
# most engines give back.
_STAGE = " [while running '"
_WORKER_ERROR = re.compile(
    r"shardmill\.schemas\.errors\.(?P<kind>\w+): (?P<message>.*?)"
    rf"(?={re.escape(_STAGE)}|\n\s*(?:During handling of|The above exception|at )|\Z)",
    re.DOTALL,
)
# A program that can't be started. Java's error names the command in its middle, but Beam's job
# server sends only the root cause.
_NO_COMMAND = re.compile(
    r"(?:Cannot run program \"(?P<command>[^\"]+)\".*?|java\.io\.IOException: )error=\d+, (?P<reason>[^\n]+)"
    r"|fork/exec (?P<path>\S+): (?P<cause>[^\n]+)"
)
_INSTALL_PRISM = (
    "build it with\n"
    f"  go install github.com/apache/beam/sdks/v2/go/cmd/prism@v{version('apache-beam')}\n"
    "and put it on the PATH, or give --prism_location=FILE"
)
# Beam says this of any program that it starts: a job server, or Prism.
_ENDED_AT_ONCE = r"Service failed to start up with error (?P<status>-?\d+)"
_STATE = re.compile(r"^Pipeline \S+ failed in state FAILED: ")
# Patterns of other failures and their messages, whose fields are the pattern's groups. The first
# match counts: specific patterns come before vague ones.
_MESSAGES = (
    (
        r"(?P<reason>No module named 'shardmill\b[^']*')",
        (
            "the workers of {engine} don't have shardmill: {reason}; install the same version there, or name a worker image that has it "
            "with --sdk_container_image (docs/clusters.md)"
        ),
    ),
    (
        r"Received exit code \d+ for command 'docker run .*? (?P<image>\S+) --id=.*?'\. stderr: (?P<reason>[^\n]+)",
        (
            "the workers of {engine} can't start a container of {image!r}: {reason}\nCheck that Docker runs there and can pull the "
            "image, or run workers as processes (docs/clusters.md)"
        ),
    ),
    (
        r"Process died with exit code (?P<status>\d+)",
        (
            "a worker process of {engine} exited with status {status} before it could work, usually because Beam's boot program "
            "isn't on its machine: put it as `beam-boot` on the PATH, or name it in SHARDMILL_BOOT (docs/clusters.md); run "
            "`shardmill-worker` there by hand to see whether it finds it"
        ),
    ),
    (
        r"TimeoutException: Waited (?P<wait>\d+ \w+)",
        (
            "a worker of {engine} was started, but took no work within {wait}; see the log of its machine (on Flink the TaskManager's); "
            "the usual cause is a package that is missing or has another version there, or an overloaded machine"
        ),
    ),
    (
        r"Unable to fetch remote prism binary at \S+: (?P<reason>.*)",
        f"Prism isn't installed, and Beam can't download it ({{reason}}); {_INSTALL_PRISM}",
    ),
    (
        r"Unable to fetch remote job server jar at (?P<url>\S+): (?P<reason>.*?)\. (?:If no|Also) ",
        (
            "Beam can't download the job server of {engine}, {url} ({reason}); download it elsewhere and give it with "
            "--flink_job_server_jar=FILE or --spark_job_server_jar=FILE, or the address of one that runs with --job_endpoint=HOST:PORT"
        ),
    ),
    (
        _ENDED_AT_ONCE,
        (
            "the job server that Beam started for {engine} exited at once, with status {status}; run `java -jar` with its jar, which "
            "`shardmill doctor --engine {engine}` names, to see why: usually Java has another version, or the jar isn't a job server's"
        ),
    ),
    (
        r"status = StatusCode\.UNAVAILABLE\s+details = \"(?P<details>[^\"]*)\"",
        (
            "the connection to {engine} was lost: {details}; its job server has stopped, or can't be reached any more; nothing was "
            "published, but the job may still be running there: cancel it on {engine}'s own page, and run again"
        ),
    ),
    (
        # Flink reports a job that was cancelled from outside as failed.
        r"\bCANCELLED\b|\bJobCancellationException\b",
        "the job was cancelled on {engine}, and nothing was published; run it again",
    ),
)


def explain_failure(error: Exception, engine: Engine) -> ShardmillError | None:
    """Explains an engine's failure to a user.

    Returns None where the error can only be a defect of shardmill's own.

    Args:
        error: The exception that the engine's client raised.
        engine: The engine.
    """
    if isinstance(error, ShardmillError):
        return type(error)(str(error).partition(_STAGE)[0])
    if engine.is_dataflow:
        from shardmill.pipelines.engines.dataflow_failure import explain

        if found := explain(error):
            return found
    text = _STATE.sub("", str(error))
    if (found := find_error(text)) or engine.is_local:
        return found
    return _without_prism(text, engine) or _without_command(text, engine) or EngineError(_message(text, engine.name))


def find_error(text: str) -> ShardmillError | None:
    """Finds a worker's error in an engine's text.

    Args:
        text: The engine's error, a traceback for most engines.
    """
    found = list(_WORKER_ERROR.finditer(text))
    if not found:
        return None
    kind = getattr(errors, found[-1]["kind"], ShardmillError)
    return kind(found[-1]["message"].strip()) if issubclass(kind, ShardmillError) else None


def _without_prism(text: str, engine: Engine) -> EngineError | None:
    """Explains why Beam couldn't start Prism."""
    if engine.name not in ("prism", "PrismRunner"):
        return None
    location = option(engine.beam_args, "--prism_location")
    if found := re.search(_ENDED_AT_ONCE, text):
        trouble = f"exited at once, with status {found['status']}"
    elif found := re.fullmatch(rf"\[Errno \d+\] (?P<reason>.+): {re.escape(repr(location))}", text):
        trouble = f"can't be run ({found['reason']})"
    else:
        return None
    program = f"at --prism_location={location!r}" if location else "that Beam has downloaded"
    return EngineError(
        f"the program {program} {trouble}: usually it isn't Prism, or was built for another machine; {_INSTALL_PRISM}"
    )


def _without_command(text: str, engine: Engine) -> ShardmillError | None:
    found = _NO_COMMAND.search(text)
    if not found:
        return None
    command = found["command"] or found["path"] or _worker_command(engine)
    reason = found["reason"] or found["cause"]
    if command is None:
        return EngineError(
            f"the workers of {engine.name} can't start containers: there is no command `docker` ({reason}); install "
            "Docker, or run workers as processes (docs/clusters.md)"
        )
    return EngineError(
        f"the workers of {engine.name} can't start {command!r} ({reason}); install shardmill there at the same path as here, or give "
        "the command that starts a worker with --environment_type=PROCESS --environment_config"
    )


def _worker_command(engine: Engine) -> str | None:
    """Returns the job's worker command; None where workers are containers."""
    if option(engine.beam_args, "--environment_type") != "PROCESS":
        return None
    config = json.loads(option(engine.beam_args, "--environment_config") or "{}")
    # Beam also takes the command from `--environment_options=process_command=...`.
    given = (arg.partition("process_command=")[2] for arg in engine.beam_args)
    return next(filter(None, (config.get("command"), *given)), "")


def _message(text: str, engine: str) -> str:
    for pattern, message in _MESSAGES:
        if found := re.search(pattern, text):
            return message.format(engine=engine, **{name: shortened(each) for name, each in found.groupdict().items()})
    return (
        f"the job failed on {engine}: {shortened(_last_line(text))}\nNothing was published. See the engine's own log; "
        "`--debug` shows the engine's whole reply"
    )


def _last_line(text: str) -> str:
    """Returns the traceback's last line; for Java, its root cause."""
    # Flink's REST interface gives the traceback as JSON, with escaped line ends.
    lines = [
        line.strip().removeprefix("Caused by: ") for line in text.replace("\\n", "\n").splitlines() if line.strip()
    ]
    raised = [line for line in lines if re.match(r"(?:[\w$]+\.)*[\w$]*(?:Error|Exception|Warning|Interrupt)\b", line)]
    return (raised or lines or [""])[-1]
