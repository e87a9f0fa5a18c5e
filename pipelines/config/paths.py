"""Checks paths that users give: local, or `scheme://...`.

`s3:/bucket` and `s3://`, the result of a typo or of an empty shell variable, would otherwise be
taken for folders of that name on this machine.
"""

import re
from collections.abc import Callable
from typing import Any

from shardmill.pipelines.config.table import dotted, expand_variables, resolve_path
from shardmill.schemas.errors import ConfigError
from shardmill.schemas.mistakes import Mistakes

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


def resolve_paths(raw: dict[str, Any], config_path: str, mistakes: Mistakes) -> None:
    """Expands environment variables and resolves relative paths.

    Values that aren't paths are left as they are: types are checked later.

    Args:
        raw: The configuration's tables, changed in place.
        config_path: The configuration file.
        mistakes: Collects variables that aren't set.
    """

    def resolve(table: Any, *key: str) -> None:
        def resolved(text: str) -> str:
            text = expand_variables(text, dotted(key))
            return text if has_scheme(text) else resolve_path(text, config_path)

        if isinstance(table, dict) and key[-1] in table:
            with mistakes.at(*key):
                table[key[-1]] = _map_strings(table[key[-1]], resolved)

    resolve(raw.get("input"), "input", "files")
    resolve(raw.get("input"), "input", "schema")
    resolve(raw.get("output"), "output", "dir")
    resolve(raw.get("validate"), "validate", "schema")
    resolve(raw.get("validate"), "validate", "against")
    resolve(raw.get("analysis"), "analysis", "cache")
    resolve(raw, "preprocessing_fn")
    resolve(raw, "derive")
    features = raw.get("features")
    for name, feature in features.items() if isinstance(features, dict) else ():
        resolve(feature, "features", name, "file")
        resolve(feature, "features", name, "extend")


def _map_strings(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_map_strings(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _map_strings(item, change) for key, item in value.items()}
    return value
