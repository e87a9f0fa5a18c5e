"""The digest of settings: equal for equal settings, another for any other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import pytest

from shardmill.transforms.keeping import settings_digest as module
from shardmill.transforms.keeping.settings_digest import settings_digest
from shardmill.transforms.runtime.graph_folder import Graph


class _Kind(Enum):
    ONE = 1
    TWO = 2


@dataclass(frozen=True)
class _Settings:
    kind: _Kind = _Kind.ONE
    names: tuple[str, ...] = ("a", "b")
    refused: Mapping[str, frozenset[str]] = field(default_factory=lambda: {"x": frozenset({"p", "q"})})
    level: float | None = None
    folder: str = field(default="", compare=False)


@dataclass(frozen=True)
class _Others:
    kind: _Kind = _Kind.ONE
    names: tuple[str, ...] = ("a", "b")
    refused: Mapping[str, frozenset[str]] = field(default_factory=lambda: {"x": frozenset({"p", "q"})})
    level: float | None = None


OTHERS = [
    _Settings(_Kind.TWO),
    _Settings(names=("b", "a")),
    _Settings(names=("ab",)),
    _Settings(refused={"x": frozenset({"p"})}),
    _Settings(refused={"y": frozenset({"p", "q"})}),
    _Settings(level=0),
    _Settings(level=0.0),
    _Settings(level=-0.0),
    _Others(),
    (_Settings(),),
    None,
    "a",
    b"a",
    "['a']",
]


def test_equal_settings_have_one_digest() -> None:
    """The order of sets and mappings doesn't matter, nor does a field that isn't compared."""
    assert settings_digest(_Settings()) == settings_digest(_Settings(folder="elsewhere"))
    assert settings_digest(_Settings()) == settings_digest(_Settings(refused={"x": frozenset({"q", "p"})}))
    assert settings_digest({"a": 1, "b": 2}) == settings_digest({"b": 2, "a": 1})


def test_other_settings_have_others() -> None:
    """Each value, type and order counts."""
    assert len({settings_digest(each) for each in [_Settings(), *OTHERS]}) == len(OTHERS) + 1
    assert settings_digest("a", "b") != settings_digest("ab")


def test_the_version_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of the code or of a package gives another digest."""
    before = settings_digest("a")
    environment = module._environment()
    for position in range(len(environment)):
        other = (*environment[:position], "other", *environment[position + 1 :])
        monkeypatch.setattr(module, "_environment", lambda other=other: other)
        assert settings_digest("a") != before


def test_all_modules_that_compute_are_hashed() -> None:
    """The code that counts is that of all modules of two rooms, nouns in folders among them."""
    names = {Path(path).name for path in module._modules()}
    assert {"accumulator.py", "analyze.py", "schema.py", "type_counts.py", "settings_digest.py"} <= names


def test_a_graph_counts_by_its_files(tmp_path: Path) -> None:
    """Graphs in two folders are equal if their files are."""
    for name, data in (("one", b"a"), ("two", b"a"), ("three", b"b")):
        (tmp_path / name / "variables").mkdir(parents=True)
        (tmp_path / name / "saved_model.pb").write_bytes(data)
        (tmp_path / name / "variables" / "x").write_bytes(b"x")
    one, two, three = (settings_digest(Graph(str(tmp_path / name))) for name in ("one", "two", "three"))
    assert one == two
    assert one != three


def test_what_has_no_digest_is_refused() -> None:
    """A setting whose value can't be told raises a TypeError."""
    with pytest.raises(
        TypeError, match=r"settings: expected plain values and dataclasses of these, received <class 'object'>"
    ):
        settings_digest(object())
