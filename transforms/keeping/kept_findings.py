"""The findings of units, kept for later runs."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, NamedTuple

import pyarrow as pa

from shardmill.transforms.csv.units import Unit
from shardmill.transforms.decoding.compression import compressed_suffix
from shardmill.transforms.keeping.findings import Findings
from shardmill.transforms.keeping.kept_entries import KeptEntries
from shardmill.transforms.keeping.unit_content import UnitContent
from shardmill.transforms.rows.counts import UnitCount


class FoundUnit(NamedTuple):
    """All that an analysis finds in a unit.

    Attributes:
        counted: Its count.
        findings: Its findings.
        size: The bytes of its text.
        keys: The tracked keys of its rows, as `KeyWriter` holds them. None means that there are
            none.
    """

    counted: UnitCount
    findings: Findings
    size: int
    keys: pa.Table | None = None


class KeptFindings:
    """The findings of units of equal content, settings and code.

    Where a unit is doesn't matter: in a file of another name, or further down in a longer one.
    """

    def __init__(
        self,
        entries: KeptEntries,
        settings: str,
        empty: Callable[[], Findings],
        *,
        by_unit: bool,
        by_line: bool = False,
    ) -> None:
        """Reads nothing yet.

        Args:
            entries: The folder.
            settings: The digest of all settings that decide the findings.
            empty: Makes findings without rows.
            by_unit: Whether they depend on the index of a unit, too.
            by_line: Whether they depend on the lines that a unit has in its file.
        """
        self._entries = entries
        self._settings = settings
        self._empty = empty
        self._by_unit = by_unit
        self._by_line = by_line

    def find(self, unit: Unit, content: UnitContent) -> FoundUnit | None:
        """Finds what is kept of a unit.

        Args:
            unit: The unit.
            content: Its content.

        Returns:
            What the analysis finds; None where nothing is kept.
        """
        entry = self._entries.find(self._key(unit, content))
        if entry is None:
            return None
        findings = self._empty()
        contents = entry["findings"]
        analysis = findings.analysis.filled(contents["analysis"])
        others = {split: findings.of(split).filled(found) for split, found in contents["others"].items()}
        kept = {**contents, "analysis": analysis, "others": others}
        findings = replace(findings, **kept)
        _move(findings, unit, unit.first_line - entry["first_line"])
        count: UnitCount = entry["count"]
        return FoundUnit(replace(count, unit=unit.index, path=unit.path), findings, entry["size"], entry["keys"])

    def keep(self, unit: Unit, content: UnitContent, found: FoundUnit) -> None:
        """Keeps what the analysis has found in a unit.

        Raises:
            OutputError: It can't be written.
        """
        findings = {each.name: getattr(found.findings, each.name) for each in fields(found.findings)}
        entry = {
            "first_line": unit.first_line,
            "count": found.counted,
            "findings": {
                **findings,
                "analysis": found.findings.analysis.contents(),
                "others": {split: analysis.contents() for split, analysis in found.findings.others.items()},
            },
            "size": found.size,
            "keys": found.keys,
        }
        self._entries.keep(self._key(unit, content), entry)

    def _key(self, unit: Unit, content: UnitContent) -> str:
        decisive: list[Any] = [
            self._settings,
            content.sha256.hex(),
            unit.start == 0,
            None if unit.header is None else unit.header.hex(),
            unit.split,
            compressed_suffix(unit.path),
            unit.index if self._by_unit else None,
            unit.first_line if self._by_line else None,
        ]
        return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()


def _move(findings: Findings, unit: Unit, lines: int) -> None:
    """Puts findings where a unit is.

    Args:
        findings: The findings, changed in place.
        unit: The unit.
        lines: The lines that it is further down in its file.
    """
    rejections, renamings = findings.rejections, findings.renamings
    rejections.first = [
        (unit.index, replace(reject, file=unit.path, line=reject.line + lines)) for _, reject in rejections.first
    ]
    renamings.first = dict.fromkeys(renamings.first, (unit.index, unit.path))
