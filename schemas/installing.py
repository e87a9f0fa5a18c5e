"""The command that installs missing packages beside this shardmill."""

import json
import shlex
import sys
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

_ROOT = Path(__file__).resolve().parent.parent


def install_command(extra: str | None = None) -> str:
    """The shell command that installs shardmill again.

    It installs from where shardmill was installed before: an index, a folder, a file or a
    repository.

    Args:
        extra: An extra to add. None means only to complete the packages that shardmill always
            needs.
    """
    name = f"shardmill[{extra}]" if extra else "shardmill"
    return shlex.join([sys.executable, "-m", "pip", "install", *_source(name, f"[{extra}]" if extra else "")])


def _source(name: str, extra: str) -> list[str]:
    """The arguments of pip that name the source."""
    found = _direct_url()
    url = str(found.get("url", ""))
    folder = unquote(urlsplit(url).path) if url.startswith("file:") else ""
    if "dir_info" in found and Path(folder).is_dir():
        return [*(["--editable"] if found["dir_info"].get("editable") else []), f"{folder}{extra}"]
    if "vcs_info" in found:
        commit = found["vcs_info"].get("commit_id", "HEAD")
        return [f"{name} @ {found['vcs_info'].get('vcs', 'git')}+{url}@{commit}"]
    if "archive_info" in found and (not folder or Path(folder).is_file()):
        return [f"{name} @ {url}"]
    return [name]


def _direct_url() -> dict[str, Any]:
    """The distribution's origin, as `direct_url.json` (PEP 610) describes it.

    Sources that aren't installed count as a folder that is installed in editable mode. It is empty
    where the origin isn't known, as for a package from an index.
    """
    try:
        text = metadata.distribution("shardmill").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return {"url": _ROOT.as_uri(), "dir_info": {"editable": True}} if (_ROOT / "pyproject.toml").exists() else {}
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}
