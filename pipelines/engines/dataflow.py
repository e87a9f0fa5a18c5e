"""Google Cloud Dataflow: the options that the service needs, and what it can't see, told before anything is submitted."""

import importlib.util
import re
import uuid
from collections.abc import Iterable, Sequence
from importlib.metadata import version

from shardmill.pipelines.engines.engine import option
from shardmill.schemas.errors import ConfigError, OutputError, ShardmillError
from shardmill.schemas.installing import install_command
from shardmill.transforms.files import files
from shardmill.transforms.stores.interface import reason

# Units in work at a time in each of a worker's processes, of which Dataflow starts one per core: the heavy steps release the
# interpreter's lock, and while one unit waits for the store the other keeps the core busy. Each takes some 200 MB of memory.
_THREADS = 2
_LONGEST_NAME = 63
# Beam stages a list of this machine's packages, which every worker would fetch; what the workers have is in their image.
_EXPERIMENT = "--experiments=disable_logging_submission_environment"

_REQUIRED = {
    "--project": "PROJECT: the Google Cloud project that pays",
    "--region": "REGION: where the workers run, e.g. us-central1; best where the data is",
    "--sdk_container_image": (
        "IMAGE: what the workers run, with this version of shardmill; from the repository's Dockerfile:\n"
        "      docker build --target dataflow --tag REGION-docker.pkg.dev/PROJECT/REPOSITORY/dataflow:{version} .\n"
        "      docker push REGION-docker.pkg.dev/PROJECT/REPOSITORY/dataflow:{version}"
    ),
    "--temp_location": "gs://BUCKET/PATH: for the service's own files; a gs:// output folder says it, too",
}
_FOLDERS = ("--temp_location", "--staging_location", "--template_location")


def dataflow_args(beam_args: Sequence[str], output: str | None = None) -> list[str]:
    """Completes Beam's options for Dataflow; each that is given stays as it is.

    Args:
        beam_args: Beam's options.
        output: The output folder: the job is named after it, and the service's own files go into its bucket.

    Raises:
        ConfigError: Beam's Google Cloud extra isn't installed; or options are missing (the message says all), or are no `gs://` paths.
    """
    _check_installed()
    args = [*beam_args, *_missing(beam_args, _derived(output))]
    lacking = [name for name in _REQUIRED if option(args, name) is None]
    if lacking:
        told = "\n".join(f"  {name}={_REQUIRED[name].format(version=version('shardmill'))}" for name in lacking)
        raise ConfigError(f"Dataflow needs {'these options' if len(lacking) > 1 else 'this option'}, too:\n{told}")
    for name in _FOLDERS:
        path = option(args, name)
        if path is not None and not path.startswith("gs://"):
            raise ConfigError(f"{name}: expected a gs:// path, which the service can read, received {path!r}")
    more = {
        "--runner": "DataflowRunner",
        # What the workers need is in the image: nothing is installed when they start.
        "--sdk_location": "container",
        "--number_of_worker_harness_threads": str(_THREADS),
    }
    # Beam's default for this service alone; functions are all in modules that the image has.
    session = [] if option(args, "--save_main_session") is not None else ["--no_save_main_session"]
    # Each `--experiments` adds to those before.
    return [*args, *_missing(args, more), *session, _EXPERIMENT]


def check_paths(paths: Iterable[tuple[str, str]]) -> None:
    """Looks for paths that only this machine can see, before anything is submitted.

    Args:
        paths: What each is, for the message, and the path or pattern.

    Raises:
        ConfigError: Some are local.
    """
    local = [f"{what} {path!r}" for what, path in paths if "://" not in path]
    if local:
        raise ConfigError(
            f"Dataflow's workers don't see the files of this machine: {', '.join(local)}. Expected gs:// paths; "
            "`gcloud storage cp` copies files there"
        )


def check_service(beam_args: Sequence[str]) -> None:
    """Looks for credentials, and whether the job's files can be staged: of either Beam would try for minutes.

    Args:
        beam_args: Beam's options, as `dataflow_args` completes them.

    Raises:
        ConfigError: Beam's Google Cloud extra isn't installed.
        ShardmillError: There are no credentials.
        OutputError: Nothing can be written where the job is to be staged.
    """
    _check_installed()
    if "--no_auth" not in beam_args:
        _check_credentials()
    for name in _FOLDERS[:2]:
        folder = option(beam_args, name)
        if folder is not None:
            _check_writable(name, folder)


def _check_installed() -> None:
    try:
        found = importlib.util.find_spec("google.cloud.dataflow")
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise ConfigError(f"Dataflow needs Beam's Google Cloud extra: {install_command('gcp')}")


def _check_credentials() -> None:
    import google.auth
    from google.auth.exceptions import GoogleAuthError

    try:
        google.auth.default()
    except GoogleAuthError as error:
        raise ShardmillError(
            "no Google Cloud credentials were found. Run `gcloud auth application-default login`, or name a service account's key file "
            f"in GOOGLE_APPLICATION_CREDENTIALS ({str(error).partition('. ')[0]})"
        ) from error


def _check_writable(name: str, folder: str) -> None:
    path = files.join(folder, f"shardmill-{uuid.uuid4().hex}")
    try:
        with files.create(path) as stream:
            stream.write(b"may write here\n")
        files.remove(path)
    except OSError as error:
        raise OutputError(
            f"can't stage the job in {name} {folder!r}: {reason(error)}. Check that the bucket exists and that the account may write there"
        ) from error


def _derived(output: str | None) -> dict[str, str]:
    """What the output folder says."""
    if output is None:
        return {}
    scheme, _, path = output.rstrip("/").rpartition("://")
    # What is staged goes there, too, unless --staging_location says otherwise.
    places = {"--temp_location": f"gs://{path.partition('/')[0]}/dataflow"} if scheme == "gs" else {}
    return {"--job_name": _job_name(path.rpartition("/")[2]), **places}


def _job_name(text: str) -> str:
    """A job's name: lower-case letters, digits and dashes, a letter first and no dash last."""
    name = re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")
    return f"shardmill-{name}"[:_LONGEST_NAME].rstrip("-")


def _missing(beam_args: Sequence[str], values: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in values.items() if option(beam_args, name) is None]
