"""Google Cloud Dataflow: options and access, checked before submitting."""

import importlib.util
import re
from collections.abc import Iterable, Sequence
from importlib.metadata import version

from shardmill.pipelines.engines.engine import option
from shardmill.schemas.errors import ConfigError, OutputError, ShardmillError
from shardmill.schemas.installing import install_command
from shardmill.transforms.files import files
from shardmill.transforms.stores.interface import reason

# Units that each worker process (Dataflow starts one per core) works on at a time, about 200 MB of
# memory each: while one waits for the store, the other keeps the core busy. The heavy steps release
# the GIL.
_THREADS = 2
_LONGEST_NAME = 63
# Keeps Beam from staging a list of this machine's packages, which every worker would fetch: the
# workers' packages are in their image.
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
    """Completes Beam's options for Dataflow, keeping those given.

    Args:
        beam_args: Beam's options.
        output: The output folder: the job is named after it, and the service's own files go into
            its bucket.

    Raises:
        ConfigError: Beam's Google Cloud extra isn't installed, options are missing (the message
            names all of them), or a folder isn't a `gs://` path.
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
        # The image has all packages: workers install nothing when they start.
        "--sdk_location": "container",
        "--number_of_worker_harness_threads": str(_THREADS),
    }
    # Beam saves the main session by default on this service alone; our functions are all in modules
    # that the image has.
    session = [] if option(args, "--save_main_session") is not None else ["--no_save_main_session"]
    # A further `--experiments` adds to the earlier ones.
    return [*args, *_missing(args, more), *session, _EXPERIMENT]


def check_paths(paths: Iterable[tuple[str, str]]) -> None:
    """Checks that no path is local to this machine.

    Args:
        paths: For each, a description for the message, and the path or pattern.

    Raises:
        ConfigError: Some are local.
    """
    local = [f"{what} {path!r}" for what, path in paths if "://" not in path]
    if local:
        raise ConfigError(
            f"Dataflow's workers can't read this machine's files: expected gs:// paths, received {', '.join(local)}; "
            "copy them with `gcloud storage cp`"
        )


def check_service(beam_args: Sequence[str]) -> None:
    """Checks for credentials and that files can be staged.

    Without these Beam would retry for minutes.

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
            f"no Google Cloud credentials were found ({str(error).partition('. ')[0]}); run "
            "`gcloud auth application-default login`, or name a service account's key file in "
            "GOOGLE_APPLICATION_CREDENTIALS"
        ) from error


def _check_writable(name: str, folder: str) -> None:
    try:
        files.try_writing(folder)
    except OSError as error:
        raise OutputError(
            f"can't stage the job in {name} {folder!r}: {reason(error)}; check that the bucket exists and that the "
            "account may write there"
        ) from error


def _derived(output: str | None) -> dict[str, str]:
    """Returns options derived from the output folder."""
    if output is None:
        return {}
    scheme, _, path = output.rstrip("/").rpartition("://")
    # The job's files are staged there, too, unless --staging_location says otherwise.
    folders = {"--temp_location": f"gs://{path.partition('/')[0]}/dataflow"} if scheme == "gs" else {}
    return {"--job_name": _job_name(path.rpartition("/")[2]), **folders}


def _job_name(text: str) -> str:
    """Makes a valid job name of any text.

    A name has lower-case letters, digits and dashes, begins with a letter and doesn't end with a
    dash.
    """
    name = re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")
    return f"shardmill-{name}"[:_LONGEST_NAME].rstrip("-")


def _missing(beam_args: Sequence[str], values: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in values.items() if option(beam_args, name) is None]
