"""Paths as they are given on the command line and in the configuration: local, or `scheme://...`.

`s3:/bucket` and `s3://`, as a slip or an empty variable of the shell leaves them, would be folders of that name on this machine.
"""

import re

from shardmill.schemas.errors import ConfigError

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")
_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://+[^/]")


def has_scheme(path: str) -> bool:
    """Whether a path begins with a scheme, even one that `path_problem` finds fault with.

    Args:
        path: The path.
    """
    return _SCHEME.match(path) is not None


def path_problem(path: str) -> str | None:
    """What is wrong with a path or pattern, for a message; None: nothing that its text shows.

    Args:
        path: The path.
    """
    if not path:
        return "expected a path, received ''; is a variable empty?"
    if has_scheme(path) and not _REMOTE.match(path):
        problem = f"expected a local path or one such as s3://BUCKET/FOLDER, received {path!r}; is a variable empty, or a / missing?"
        # With `://` it isn't local, wherever that stands.
        return problem if "://" in path else f"{problem} Write './{path}' for a local path"
    return None


def output_problem(path: str) -> str | None:
    """What is wrong with a path that is to be written; None: nothing that its text shows.

    Args:
        path: The path.
    """
    if path and not path.strip("/"):
        return f"expected a path with a name, received {path!r}; is a variable empty?"
    return path_problem(path)


def check_path(where: str, path: str) -> None:
    """Checks an argument that says what to read.

    Args:
        where: The argument or option, for the message.
        path: What it says.

    Raises:
        ConfigError: It is empty, or isn't `scheme://...` although it begins with a scheme.
    """
    if problem := path_problem(path):
        raise ConfigError(f"{where}: {problem}")


def check_output(path: str) -> None:
    """Checks what `--output` says.

    Args:
        path: What it says.

    Raises:
        ConfigError: It is empty or nothing but slashes, or isn't `scheme://...` although it begins with a scheme.
    """
    if problem := output_problem(path):
        raise ConfigError(f"--output: {problem}")
