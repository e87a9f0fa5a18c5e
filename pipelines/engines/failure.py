"""Why an engine failed: one message out of what its client raises."""

import json
import re
from importlib.metadata import version

from shardmill.pipelines.engines.engine import Engine, option
from shardmill.schemas import errors
from shardmill.schemas.errors import EngineError, ShardmillError
from shardmill.schemas.messages import shortened

# What Beam adds to a worker's error, and how the error looks in the text that most engines give back.
_STAGE = " [while running '"
_WORKER_ERROR = re.compile(
    r"shardmill\.schemas\.errors\.(?P<kind>\w+): (?P<message>.*?)"
    rf"(?={re.escape(_STAGE)}|\n\s*(?:During handling of|The above exception|at )|\Z)",
    re.DOTALL,
)
# Java's error has the command in its middle, but Beam's job server sends its root alone.
_NO_COMMAND = re.compile(
    r"(?:Cannot run program \"(?P<command>[^\"]+)\".*?|java\.io\.IOException: )error=\d+, (?P<reason>[^\n]+)"
    r"|fork/exec (?P<path>\S+): (?P<cause>[^\n]+)"
)
_INSTALL_PRISM = (
    "Build it with\n"
    f"  go install github.com/apache/beam/sdks/v2/go/cmd/prism@v{version('apache-beam')}\n"
    "and put it on the PATH, or give --prism_location=FILE"
)
# Said of any program that Beam starts: a job server, or Prism.
_ENDED_AT_ONCE = r"Service failed to start up with error (?P<status>-?\d+)"
_STATE = re.compile(r"^Pipeline \S+ failed in state FAILED: ")
# What other failures look like, and the message; its names are the pattern's groups. From the certain to the vague.
_MESSAGES = (
    (
        r"(?P<reason>No module named 'shardmill\b[^']*')",
        (
            "the workers of {engine} don't have shardmill: {reason}. Install the same version there, or name a worker image that has it "
            "with --sdk_container_image (docs/clusters.md)"
        ),
    ),
    (
        r"Received exit code \d+ for command 'docker run .*? (?P<image>\S+) --id=.*?'\. stderr: (?P<reason>[^\n]+)",
        (
            "the workers of {engine} can't start a container of {image!r}: {reason}\nSee to it that Docker runs there and may fetch the "
            "image, or let workers be processes (docs/clusters.md)"
        ),
    ),
    (
        r"Process died with exit code (?P<status>\d+)",
        (
            "a worker process of {engine} ended with status {status} before it could work. Mostly Beam's boot program isn't on its "
            "machine: put it as `beam-boot` on the PATH, or name it in SHARDMILL_BOOT (docs/clusters.md). Started there by hand, "
            "`shardmill-worker` says whether it finds it"
        ),
    ),
    (
        r"TimeoutException: Waited (?P<wait>\d+ \w+)",
        (
            "a worker of {engine} was started, but took no work within {wait}. The log of its machine (on Flink the TaskManager's) says "
            "why: mostly a package that is missing or has another version there; or the machine is overloaded"
        ),
    ),
    (
        r"Unable to fetch remote prism binary at \S+: (?P<reason>.*)",
        f"Prism isn't installed, and Beam can't download it ({{reason}}). {_INSTALL_PRISM}",
    ),
    (
        r"Unable to fetch remote job server jar at (?P<url>\S+): (?P<reason>.*?)\. (?:If no|Also) ",
        (
            "Beam can't download the job server of {engine}, {url} ({reason}). Download it elsewhere and give it with "
            "--flink_job_server_jar=FILE or --spark_job_server_jar=FILE, or the address of one that runs with --job_endpoint=HOST:PORT"
        ),
    ),
    (
        _ENDED_AT_ONCE,
        (
            "the job server that Beam started for {engine} ended at once, with status {status}. `java -jar` and its jar, which `shardmill "
            "doctor --engine {engine}` names, say why: mostly Java is of another version, or the jar no job server's"
        ),
    ),
    (
        r"status = StatusCode\.UNAVAILABLE\s+details = \"(?P<details>[^\"]*)\"",
        (
            "the connection to {engine} broke: {details}. Its job server has ended, or can't be reached any more. Nothing was published. "
            "The job may go on there: cancel it on {engine}'s own page, and run again"
        ),
    ),
    (
        # Of a job that is cancelled from outside, Flink says that it failed.
        r"\bCANCELLED\b|\bJobCancellationException\b",
        "the job was cancelled on {engine}. Nothing was published; run it again when it may run",
    ),
)


def explain_failure(error: Exception, engine: Engine) -> ShardmillError | None:
    """What a user needs to know of an engine's failure; None where it is nothing but a defect.

    Args:
        error: What the engine's client raised.
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
    """The error that a worker raised, out of the text that the engine gives back.

    Args:
        text: The engine's error, a traceback for most engines.
    """
    found = list(_WORKER_ERROR.finditer(text))
    if not found:
        return None
    kind = getattr(errors, found[-1]["kind"], ShardmillError)
    return kind(found[-1]["message"].strip()) if issubclass(kind, ShardmillError) else None


def _without_prism(text: str, engine: Engine) -> EngineError | None:
    """Why Prism, which Beam starts, isn't there."""
    if engine.name not in ("prism", "PrismRunner"):
        return None
    location = option(engine.beam_args, "--prism_location")
    if found := re.search(_ENDED_AT_ONCE, text):
        trouble = f"ended at once, with status {found['status']}"
    elif found := re.fullmatch(rf"\[Errno \d+\] (?P<reason>.+): {re.escape(repr(location))}", text):
        trouble = f"can't be run ({found['reason']})"
    else:
        return None
    program = f"at --prism_location={location!r}" if location else "that Beam has downloaded"
    return EngineError(
        f"the program {program} {trouble}: mostly it isn't Prism, or is for another machine. {_INSTALL_PRISM}"
    )


def _without_command(text: str, engine: Engine) -> ShardmillError | None:
    found = _NO_COMMAND.search(text)
    if not found:
        return None
    command = found["command"] or found["path"] or _worker_command(engine)
    reason = found["reason"] or found["cause"]
    if command is None:
        return EngineError(
            f"the workers of {engine.name} can't start containers: Docker's command isn't there ({reason}). Install Docker, or let "
            "workers be processes (docs/clusters.md)"
        )
    return EngineError(
        f"the workers of {engine.name} can't start {command!r} ({reason}). Install shardmill there at the same place as here, or give "
        "the command that starts a worker with --environment_type=PROCESS --environment_config"
    )


def _worker_command(engine: Engine) -> str | None:
    """The command that the job names; None where workers are containers."""
    if option(engine.beam_args, "--environment_type") != "PROCESS":
        return None
    config = json.loads(option(engine.beam_args, "--environment_config") or "{}")
    # Beam has another way to say it, too.
    given = (arg.partition("process_command=")[2] for arg in engine.beam_args)
    return next(filter(None, (config.get("command"), *given)), "")


def _message(text: str, engine: str) -> str:
    for pattern, message in _MESSAGES:
        if found := re.search(pattern, text):
            return message.format(engine=engine, **{name: shortened(each) for name, each in found.groupdict().items()})
    return (
        f"the job failed on {engine}: {shortened(_last_line(text))}\nNothing was published. The engine's own log says more; "
        "`--debug` shows all that it sent back"
    )


def _last_line(text: str) -> str:
    """What was raised, as the last line of a traceback says it; of Java's, what began it all."""
    # Flink's REST interface gives the traceback as JSON.
    lines = [
        line.strip().removeprefix("Caused by: ") for line in text.replace("\\n", "\n").splitlines() if line.strip()
    ]
    raised = [line for line in lines if re.match(r"(?:[\w$]+\.)*[\w$]*(?:Error|Exception|Warning|Interrupt)\b", line)]
    return (raised or lines or [""])[-1]
