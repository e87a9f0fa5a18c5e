"""The configuration's `[validate]`: checks of the input."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shardmill.pipelines.config.table import Table

# Of distances, from 0 to 1: what TFDV's users begin with where they know little.
_MOST = 0.1


@dataclass(frozen=True)
class ValidateConfig:
    """`[validate]`: checks of the input before a run.

    Attributes:
        schema: The schema file. None means that of `against`, or `[input] schema`.
        against: A finished run, whose train rows the new ones are to be like. None means none.
        environment: The schema's environment of the input. None means that all columns are
            expected.
        on_anomaly: Whether an anomaly is a warning, or ends the run.
        infinity_norm: The largest L-infinity distance of texts where the schema gives none.
        jensen_shannon: The largest divergence of numbers where the schema gives none.
    """

    schema: str | None = None
    against: str | None = None
    environment: str | None = None
    on_anomaly: Literal["warn", "fail"] = "warn"
    infinity_norm: float = _MOST
    jensen_shannon: float = _MOST

    @classmethod
    def of_settings(cls, settings: Mapping[str, Any]) -> "ValidateConfig":
        """Takes the settings from a manifest, already checked.

        Args:
            settings: As `settings` gives them.
        """
        return cls(**settings)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings by which the run's new data is validated."""
        return {name: getattr(self, name) for name in ("on_anomaly", "infinity_norm", "jensen_shannon")}


def parse_validate(table: Table, input_schema: str | None) -> ValidateConfig:
    """Reads `[validate]`.

    Args:
        table: The section.
        input_schema: `[input] schema`, which counts where the section names neither schema nor run.

    Raises:
        ConfigError: A key or value isn't as expected.
    """
    table.check_keys(("schema", "against", "environment", "on_anomaly", "infinity_norm", "jensen_shannon"))
    schema, against = table.string("schema") or None, table.string("against") or None
    if schema is None and against is None:
        schema = input_schema
        if schema is None:
            table.refuse(None, "expected schema, against or [input] schema, one of which says what is expected")
    return ValidateConfig(
        schema,
        against,
        table.string("environment") or None,
        table.choice("on_anomaly", ("warn", "fail")),  # type: ignore[arg-type]
        table.number("infinity_norm", maximum=1, default=_MOST),
        table.number("jensen_shannon", maximum=1, default=_MOST),
    )
