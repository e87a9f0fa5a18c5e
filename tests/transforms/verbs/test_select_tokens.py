"""SelectTokens: from workers' counts to vocabularies' tokens."""

import pickle
from collections import Counter
from pathlib import Path

import pytest

from shardmill.transforms import select_tokens as module
from shardmill.transforms.select_tokens import _partitions, _select, write_runs
from shardmill.transforms.statistics import token_files
from shardmill.transforms.statistics.ranking import Selected
from shardmill.transforms.statistics.requests import VocabularyRequest
from shardmill.transforms.statistics.token_files import Run
from tests.transforms.statistics.token_tables import counts_of, table_of


def _runs(folder: Path, *tables: dict[bytes, int]) -> list[Run]:
    return [run for counts in tables for _, run in write_runs({("v",): table_of(counts)}, str(folder))]


def _selected(folder: Path, request: VocabularyRequest, runs: list[Run]) -> list[Selected]:
    return [_select(each, {"v": request}, str(folder), {}) for each in _partitions(("v", runs), str(folder))]


def _tokens(selected: list[Selected]) -> dict[bytes, int]:
    return {
        token: count
        for each in selected
        for table in each.sections.tables()
        for token, count in counts_of(table).items()
    }


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few counts are many batches, many partitions and many selections."""
    monkeypatch.setattr(token_files, "_SMALL_BYTES", 300)
    monkeypatch.setattr(token_files, "_SECTION_BYTES", 300)
    monkeypatch.setattr(module, "_MERGE_BYTES", 1000)
    monkeypatch.setattr(module, "_RANKING_BYTES", 1000)


@pytest.mark.usefixtures("tiny")
def test_runs_of_all_workers_are_added_up(tmp_path: Path) -> None:
    """A token's counts in runs of any size, cut finely or not at all, are one count, in one partition."""
    tables = [{b"%d" % token: token + 1 for token in range(stop)} for stop in (3, 50, 400)]
    selected = _selected(tmp_path, VocabularyRequest("v", ("v",)), _runs(tmp_path, *tables))
    assert [(each.bits, each.index) for each in selected] == [(3, index) for index in range(8)]
    expected = sum(map(Counter, tables), Counter())
    assert _tokens(selected) == expected
    assert sum(each.distinct for each in selected) == 400
    assert sum(each.total for each in selected) == expected.total()


@pytest.mark.usefixtures("tiny")
def test_each_partition_is_selected_by_itself(tmp_path: Path) -> None:
    """Of each hash partition the first `top_k` tokens stay, of those that are frequent enough; all are counted."""
    counts = {b"%d" % token: token for token in range(1, 401)}
    request = VocabularyRequest("v", ("v",), top_k=3, frequency_threshold=10)
    selected = _selected(tmp_path, request, _runs(tmp_path, counts))
    assert {b"400", b"399", b"398"} <= _tokens(selected).keys()
    assert len(_tokens(selected)) == 3 * len(selected)
    assert (sum(each.distinct for each in selected), sum(each.total for each in selected)) == (400, 400 * 401 // 2)


def test_tokens_that_are_too_rare_are_counted_too(tmp_path: Path) -> None:
    """A partition without a token for the vocabulary is passed on all the same: its tokens are part of the total."""
    request = VocabularyRequest("v", ("v",), frequency_threshold=99)
    (selected,) = _selected(tmp_path, request, _runs(tmp_path, {b"%d" % token: token for token in range(50)}))
    assert _tokens([selected]) == {}
    assert (selected.distinct, selected.total) == (50, sum(range(50)))


def test_no_token_of_many_crosses(tmp_path: Path) -> None:
    """What crosses of many tokens is where they are, however many bytes they have."""
    runs = _runs(tmp_path, {b"%0100d" % token**9: 1 for token in range(2000)})
    partitions = list(_partitions(("v", runs), str(tmp_path)))
    selected = _selected(tmp_path, VocabularyRequest("v", ("v",)), runs)
    for each in (*runs, *partitions, *selected):
        assert len(pickle.dumps(each)) < 1000


def test_a_partition_carries_its_own_tokens_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small runs cross themselves: each partition gets its share of their bytes, not all of them."""
    monkeypatch.setattr(token_files, "_SECTION_BYTES", 1000)
    monkeypatch.setattr(module, "_MERGE_BYTES", 1000)
    runs = _runs(tmp_path, {b"%d" % token: 1 for token in range(500)})
    shares = [share for each in _partitions(("v", runs), str(tmp_path)) for share in each.shares]
    assert len(shares) == 8
    assert all(share.sections.data for share in shares)
    assert sum(len(share.sections.data) for share in shares) == sum(len(run.sections.data) for run in runs)


def test_vocabularies_are_told_apart(tmp_path: Path) -> None:
    """In a pipeline, too, several vocabularies of several runs each keep their own tokens; those of the same counts share runs."""
    runs = write_runs({("a", "top"): table_of({b"x": 1, b"y": 5}), ("b",): table_of({b"z": 1})}, str(tmp_path))
    runs += write_runs({("a", "top"): table_of({b"x": 9})}, str(tmp_path))
    requests = {
        "a": VocabularyRequest("a", ("s",)),
        "b": VocabularyRequest("b", ("t",)),
        "top": VocabularyRequest("top", ("s",), top_k=1),
    }
    found = {each.name: _tokens([each]) for each in runs | module.SelectTokens(requests, str(tmp_path))}
    assert found == {"a": {b"x": 10, b"y": 5}, "b": {b"z": 1}, "top": {b"x": 10}}
