"""Writes comments on labels into a starter configuration."""

from collections.abc import Sequence
from dataclasses import dataclass

from shardmill.pipelines.init.bad_rows import BAD_FRACTION
from shardmill.pipelines.init.feature_line import LABEL, FeatureLine
from shardmill.pipelines.init.toml_text import toml_key
from shardmill.pipelines.survey.starter_request import StarterRequest
from shardmill.pipelines.survey.survey import Survey
from shardmill.schemas.features import usual_label
from shardmill.schemas.messages import quoted
from shardmill.transforms.sniff.decision import Decision


@dataclass(frozen=True)
class LabelGuess:
    """The likeliest label.

    Attributes:
        name: The column.
        reason: What speaks for it.
    """

    name: str
    reason: str

    @property
    def example(self) -> str:
        """The line that makes it a label."""
        return f"{toml_key(self.name)} = {LABEL}"

    @property
    def decision(self) -> Decision:
        """The guess as a decision."""
        return Decision("label", f"none yet, {quoted(self.name)} is likely", self.reason, sure=False)


def guess_label(survey: Survey, lines: Sequence[FeatureLine]) -> LabelGuess:
    """Chooses a column with a label's name, else the last.

    Args:
        survey: The findings about the files.
        lines: The lines of `[features]`. Columns that are commented out, codes or dates count only
            if there are no others; without a usual name, so do those that most rows lack.
    """
    used = [line for line in lines if line.name in survey.schema and line.used]
    plain = [line.name for line in used if not line.reason and not survey.profiles[line.name].date_format]
    names = plain or [line.name for line in used] or list(survey.schema.names)
    usual = usual_label(names)
    if usual:
        return LabelGuess(usual, "its name is usual")
    filled = [name for name in names if 2 * survey.profiles[name].absent <= survey.profiles[name].rows]
    return LabelGuess((filled or names)[-1], "the last column with something to predict")


def label_lines(survey: Survey, lines: Sequence[FeatureLine], request: StarterRequest) -> list[str]:
    """Writes comments on labels, and an example if needed.

    Args:
        survey: The findings about the files.
        lines: The lines of `[features]`.
        request: The labels that the command line asks for.
    """
    what = "# What a model is to predict is a label: written to the shards, not asked for in serving."
    if request.label_columns:
        return [what]
    guess = guess_label(survey, lines)
    comments = [
        what,
        "# NO COLUMN IS A LABEL YET, so there is nothing for a model to predict. To make one, change its line, for example to:",
        f"# {guess.example}",
    ]
    profile = survey.profiles[guess.name]
    if profile.absent > BAD_FRACTION / 2 * profile.rows:
        comments.append("# Rows without one are rejected: max_bad_fraction in [input] says how many may be.")
    return comments
