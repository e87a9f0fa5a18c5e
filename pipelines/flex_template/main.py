"""Runs `shardmill run` from a Dataflow Flex Template's parameters.

The template's launcher starts this program and gives each parameter as `--name=value`, together
with Beam's options. One of these, `--template_location`, says where to write the job's description;
the job itself doesn't run here.
"""

import os
import sys
import tempfile
from collections.abc import Sequence

from shardmill.pipelines.cli.commands import main
from shardmill.schemas.errors import ConfigError, ShardmillError

_PARAMETERS = ("--config", "--set", "--input", "--output", "--overwrite")
# Separates the settings in the parameter `set`.
_SEPARATOR = ";"


def command(args: Sequence[str], folder: str) -> list[str]:
    """Converts the launcher's arguments to shardmill's command line.

    Args:
        args: The template's parameters, `--name=value` each, and Beam's options, some of which may
            come more than once.
        folder: The folder that a remote configuration file is copied to.

    Raises:
        ConfigError: `config` is missing, or an argument isn't `--name=value`.
        DataError: The configuration file can't be read.
    """
    given: dict[str, str] = {}
    passed = []
    for arg in args:
        name, equals, value = arg.partition("=")
        if not name.startswith("--"):
            raise ConfigError(f"the template's launcher: expected --name=value, received {arg!r}")
        if name in _PARAMETERS and equals:
            given[name] = value
        # `--engine` names the runner.
        elif name != "--runner":
            passed.append(arg)
    config = given.pop("--config", "")
    if not config:
        raise ConfigError(
            "the template's parameter `config` is missing: the path of a configuration file, e.g. gs://BUCKET/pipeline.toml"
        )
    settings = [setting.strip() for setting in given.pop("--set", "").split(_SEPARATOR) if setting.strip()]
    if files := given.pop("--input", ""):
        settings.append(f"input.files={files}")
    own = [f"--set={setting}" for setting in settings]
    if output := given.pop("--output", ""):
        own.append(f"--output={output}")
    if given.pop("--overwrite", "false").lower() == "true":
        own.append("--overwrite")
    return ["run", _fetch(config, folder), "--engine=dataflow", *own, *passed]


def _fetch(config: str, folder: str) -> str:
    from shardmill.transforms.files import files

    if files.is_local(config):
        return config
    path = os.path.join(folder, config.rpartition("/")[2])
    with files.opened(config) as source, open(path, "wb") as copy:
        copy.write(source.read())
    return path


if __name__ == "__main__":
    try:
        sys.argv[1:] = command(sys.argv[1:], tempfile.mkdtemp(prefix="shardmill-config-"))
    except ShardmillError as error:
        sys.exit(f"error: {error}")
    main()
