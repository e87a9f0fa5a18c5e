"""The command that installs what is missing, as it works where shardmill is."""

import json
import shlex
import sys
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

_ROOT = Path(__file__).resolve().parent.parent


def install_command(extra: str | None = None) -> str:
    """A command line for a shell that installs shardmill as it was installed: from an index, a folder, a file or a repository.

    Args:
        extra: An extra that it is to have from now on; None: all that it needs anyway is made whole.
    """
    name = f"shardmill[{extra}]" if extra else "shardmill"
    return shlex.join([sys.executable, "-m", "pip", "install", *_source(name, f"[{extra}]" if extra else "")])


def _source(name: str, extra: str) -> list[str]:
    """What pip is told to install."""
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
    """Where the distribution is from, as PEP 610 has it; sources that aren't installed are a folder to be installed from."""
    try:
        text = metadata.distribution("shardmill").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return {"url": _ROOT.as_uri(), "dir_info": {"editable": True}} if (_ROOT / "pyproject.toml").exists() else {}
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}
