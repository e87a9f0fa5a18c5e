"""Checks paths that users give: local, or `scheme://...`.

`s3:/bucket` and `s3://`, the result of a typo or of an empty shell variable, would otherwise be
taken for folders of that name on this machine.
"""

import re

from shardmill.schemas.errors import ConfigError

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")
_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://+[^/]")


def has_scheme(path: str) -> bool:
    """Whether a path begins with a scheme.

    One that `path_problem` refuses counts, too.

    Args:
        path: The path.
    """
    return _SCHEME.match(path) is not None


def path_problem(path: str) -> str | None:
    """Describes the problem with a path or pattern.

    Returns None where its text shows no mistake.

    Args:
        path: The path.
    """
    if not path:
        return "expected a path, received ''; is a variable empty?"
    if has_scheme(path) and not _REMOTE.match(path):
        problem = f"expected a local path or one such as s3://BUCKET/FOLDER, received {path!r}; is a variable empty, or a / missing?"
        # A path with `://` anywhere isn't taken for a local one.
        return problem if "://" in path else f"{problem} Write './{path}' for a local path"
    return None


def output_problem(path: str) -> str | None:
    """Describes the problem with an output path.

    Returns None where its text shows no mistake.

    Args:
        path: The path.
    """
    if path and not path.strip("/"):
        return f"expected a path with a name, received {path!r}; is a variable empty?"
    return path_problem(path)


def check_path(where: str, path: str) -> None:
    """Checks a path or pattern to read.

    Args:
        where: The argument or option, for the message.
        path: The path or pattern.

    Raises:
        ConfigError: It is empty, or begins with a scheme but isn't `scheme://...`.
    """
    if problem := path_problem(path):
        raise ConfigError(f"{where}: {problem}")


def check_output(path: str) -> None:
    """Checks the path of `--output`.

    Args:
        path: The path.

    Raises:
        ConfigError: It is empty or only slashes, or begins with a scheme but isn't `scheme://...`.
    """
    if problem := output_problem(path):
        raise ConfigError(f"--output: {problem}")
