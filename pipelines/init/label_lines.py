"""Writes comments on labels into a starter configuration."""

from shardmill.pipelines.init.bad_rows import BAD_FRACTION
from shardmill.pipelines.init.starter_request import StarterRequest
from shardmill.pipelines.init.toml_text import toml_key
from shardmill.schemas.features import USUAL_LABELS
from shardmill.schemas.inference.infer import ColumnProfile, Profiles

LABEL = '{ kind = "label" }'
"""The value of a label's line in `[features]`."""


def label_example(profiles: Profiles) -> str:
    """Writes a line that makes the likeliest column a label."""
    return f"{toml_key(_likely_label(profiles).name)} = {LABEL}"


def _likely_label(profiles: Profiles) -> ColumnProfile:
    """Chooses a column with a label's name, else the last.

    Columns with a single value count only if there are no others.
    """
    found = [profile for profile in profiles if profile.distinct_estimate > 1] or list(profiles)
    return next((profile for profile in found if profile.name.lower() in USUAL_LABELS), found[-1])


def label_lines(profiles: Profiles, request: StarterRequest) -> list[str]:
    """Writes comments on labels, and an example if needed.

    Args:
        profiles: The profiles of all columns.
        request: The labels that the command line asks for.
    """
    what = "# What a model is to predict is a label: written to the shards, not asked for in serving."
    if request.label_columns:
        return [what]
    lines = [
        what,
        "# NO COLUMN IS A LABEL YET, so there is nothing for a model to predict. To make one, change its line, for example to:",
        f"# {label_example(profiles)}",
    ]
    if _likely_label(profiles).absent > BAD_FRACTION / 2 * profiles.rows:
        lines.append(
            "# Rows without one are rejected: max_bad_fraction in [input] says how many may be, "
            f"{BAD_FRACTION} by default."
        )
    return lines
