"""The message at the end of `shardmill init`.

It names the files written, and commands that work as printed.
"""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from shardmill.pipelines.config.table import resolve_path
from shardmill.pipelines.init.show_decisions import show_decisions
from shardmill.transforms.sniff.decision import Decision


@dataclass(frozen=True)
class Starter:
    """A starter configuration.

    Attributes:
        config: The configuration's file.
        schema: The schema's file.
        folder: The folder of its run, as the configuration names it.
        labels: The features that are labels.
        example: A line that makes a label of a likely column.
        decisions: What was decided about the data.
    """

    config: str
    schema: str
    folder: str
    labels: tuple[str, ...]
    example: str
    decisions: tuple[Decision, ...] = ()


def next_steps(starter: Starter) -> str:
    """Returns the message: files written, and the next commands.

    Paths in the commands are relative to the current folder.

    Args:
        starter: The starter configuration.
    """
    run = resolve_path(starter.folder, starter.config)
    run = run if "://" in run else os.path.normpath(run)
    script = str(Path(starter.config).with_name(f"{Path(starter.config).stem}-train.py"))
    commands = (
        f"shardmill run {shlex.quote(starter.config)}",
        f"shardmill inspect --code {shlex.quote(run)} > {shlex.quote(script)}",
        f"python {shlex.quote(script)}",
    )
    lines = [*show_decisions(starter.decisions, starter.config), f"Wrote {starter.config} and {starter.schema}."]
    if starter.labels:
        lines.append(f"Label: {', '.join(starter.labels)}. Next, look the file over, then run")
    else:
        lines += [
            f"Next, in {starter.config} change the line of the column that a model is to predict, for example to",
            f"  {starter.example}",
            "look the file over, then run",
        ]
    return "\n".join((*lines, *(f"  {command}" for command in commands)))
