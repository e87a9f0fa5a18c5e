"""The local files that a pattern matches.

No folder that might hold some is left out because it can't be read: that is an error.
"""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from shardmill.schemas.errors import DataError
from shardmill.transforms.files import files
from shardmill.transforms.files.path_patterns import fixed_part, matcher, takes_hidden

_ANY_DEPTH = "**"
_FORBIDDEN = (errno.EACCES, errno.EPERM)


def list_local(pattern: str) -> list[tuple[str, int]]:
    """Lists the files that a pattern matches.

    It matches as in Beam's file systems: `*` within a name, `**` across folders; but wildcards
    don't match hidden names. Folders below which nothing can match aren't searched; links to
    folders are followed, except below `**`.

    Args:
        pattern: A path or a pattern, relative to the current folder or absolute.

    Returns:
        Each file's path, and its size in bytes.

    Raises:
        DataError: A folder or a file can't be read, something that isn't a file is matched, or only
            folders are.
    """
    try:
        matched = list(_matched(pattern))
        found = [(path, os.stat(path)) for path in matched]
    except OSError as error:
        raise _unreadable(pattern, error) from error
    for path, about in found:
        if not stat.S_ISREG(about.st_mode) and not stat.S_ISDIR(about.st_mode):
            raise DataError(
                f"{path!r}: expected a file, received a pipe or a device, which can't be read twice; write what it gives to a file"
            )
    listed = [(path, about.st_size) for path, about in found if stat.S_ISREG(about.st_mode)]
    if found and not listed:
        inside = files.join(pattern, "*.csv")
        raise DataError(f"{pattern!r} matches a folder, not a file; to read the files in it write {inside!r}")
    return listed


def _matched(pattern: str) -> Iterator[str]:
    """The paths that match a pattern.

    They are those of files, and of folders at the pattern's end.
    """
    names = pattern.split("/")
    fixed = fixed_part(pattern).count("/")
    if fixed_part(pattern) != pattern:
        yield from _walk("/".join([*names[:fixed], ""]), names[fixed:])
    elif files.exists(pattern):
        yield pattern


def _walk(folder: str, names: list[str]) -> Iterator[str]:
    """The paths below a folder that match a pattern's names.

    Args:
        folder: The folder's path with a slash at its end; empty for the current folder.
        names: The names of the pattern below the folder, level by level.
    """
    name, rest = names[0], names[1:]
    if _ANY_DEPTH in name:
        pattern = "/".join(names)
        wanted = matcher(pattern)
        found = _below(folder, hidden=takes_hidden(pattern))
        yield from (path for path in found if wanted.fullmatch(path[len(folder) :]))
        return
    wanted = matcher(name)
    for path, entry in _entries(folder):
        if not wanted.fullmatch(entry.name):
            continue
        if not rest:
            yield path
        elif entry.is_dir():
            yield from _walk(f"{path}/", rest)


def _below(folder: str, *, hidden: bool) -> Iterator[str]:
    for path, entry in _entries(folder):
        if not hidden and entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _below(f"{path}/", hidden=hidden)
        else:
            yield path


def _entries(folder: str) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    """The entries of a folder, with their paths.

    A folder that doesn't exist has none.
    """
    try:
        with os.scandir(folder or ".") as entries:
            found = list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in found:
        yield folder + entry.name, entry


def _unreadable(pattern: str, error: OSError) -> DataError:
    path = str(error.filename or pattern)
    barred = next((str(each) for each in [*Path(path).parents][::-1] if not _may_enter(each)), path)
    advice = "; let this user read it, and enter the folders above it" if error.errno in _FORBIDDEN else ""
    return DataError(f"can't list {pattern!r}: can't read {barred!r}: {os.strerror(error.errno or 0)}{advice}")


def _may_enter(folder: Path) -> bool:
    return os.access(folder, os.X_OK, effective_ids=os.access in os.supports_effective_ids)
