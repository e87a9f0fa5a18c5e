"""Statistics files: what a run says of its columns."""

from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from shardmill.schemas.feature_stats import read_statistics
from tests.support.runs import run_toml

ROWS = 60
TOML = """
[input]
files = "data.csv"
[features]
city = { kind = "vocabulary", top_k = 2, num_oov_buckets = 1 }
rare = { kind = "vocabulary", frequency_threshold = 2, num_oov_buckets = 1 }
twice = { kind = "vocabulary", top_k = 1 }
again = { kind = "vocabulary", column = "twice", top_k = 30 }
tags = { kind = "multi_hot", delimiter = " " }
notes = { kind = "vocabulary", num_oov_buckets = 1 }
hashed = { kind = "hash", num_buckets = 4 }
"""

StringStatistics = dict[str, statistics_pb2.StringStatistics]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> Path:
    """A run on columns of text."""
    folder = tmp_path_factory.mktemp("summaries")
    lines = ["city,rare,twice,tags,notes,hashed"]
    for row in range(ROWS):
        city = "" if row % 10 == 0 else f"c{row % 7}"
        tags = " ".join(f"t{row * 9 + place}" for place in range(9))
        line_end = "\n" if row % 2 else ""
        lines.append(f'{city},r{min(row, 19)},v{row % 40},{tags},"a{line_end}{row}",u')
    (folder / "data.csv").write_text("\n".join(lines) + "\n")
    return run_toml(folder, TOML)


@pytest.fixture(scope="module")
def texts(run: Path) -> StringStatistics:
    """The statistics of the run's text columns."""
    (dataset,) = read_statistics(str(run / "pre_transform_feature_stats")).datasets
    return {feature.path.step[0]: feature.string_stats for feature in dataset.features}


@pytest.fixture(scope="module")
def schema(run: Path) -> schema_pb2.Schema:
    """The run's schema of raw columns."""
    return text_format.Parse((run / "metadata" / "schema.pbtxt").read_text(), schema_pb2.Schema())


@pytest.mark.parametrize(("column", "distinct"), [("city", 7), ("rare", 20), ("twice", 40)])
def test_distinct_values_are_counted_before_the_vocabulary_is_cut(
    texts: StringStatistics, column: str, distinct: int
) -> None:
    """Neither `top_k` nor `frequency_threshold` changes how many values a column has."""
    assert texts[column].unique == distinct <= texts[column].common_stats.num_non_missing


def test_frequent_values_are_told_whatever_a_vocabulary_keeps(texts: StringStatistics) -> None:
    """As many as TFDV lists by default, of a vocabulary of two tokens and of one that needs two of each."""
    assert len(texts["twice"].top_values) == 20
    assert [(top.value, top.frequency) for top in texts["city"].top_values][:2] == [("c4", 8), ("c3", 8)]
    assert len(texts["city"].top_values) == 7
    assert [(top.value, top.frequency) for top in texts["rare"].top_values][:2] == [("r19", 41), ("r9", 1)]
    assert len(texts["rare"].rank_histogram.buckets) == 20


def test_tokens_within_cells_are_no_values(texts: StringStatistics) -> None:
    """A column of lists has nine tokens a cell here; its values are the cells, which no vocabulary counts."""
    assert texts["tags"].common_stats.num_non_missing == ROWS
    assert texts["tags"].unique == ROWS
    assert {top.frequency for top in texts["tags"].top_values} == {1}


def test_columns_without_vocabularies_have_values(texts: StringStatistics) -> None:
    """Every text column that is read, counted by a vocabulary or not."""
    assert texts["hashed"].unique == 1
    assert [(top.value, top.frequency) for top in texts["hashed"].top_values] == [("u", ROWS)]


def test_values_with_line_ends_make_the_count_unknown(texts: StringStatistics) -> None:
    """No vocabulary takes them, so that they aren't counted: 0 is the format's word for unknown."""
    assert texts["notes"].common_stats.num_non_missing == ROWS
    assert texts["notes"].unique == 0


def test_a_runs_inferred_schema_has_domains(schema: schema_pb2.Schema) -> None:
    """Of texts with few values, all of which are known, in the order of the columns that are read."""
    domains = {domain.name: list(domain.value) for domain in schema.string_domain}
    assert domains["city"] == [f"c{city}" for city in range(7)]
    assert domains["hashed"] == ["u"]
    assert "notes" not in domains
    city = next(feature for feature in schema.feature if feature.name == "city")
    assert (city.domain, city.presence.min_count) == ("city", 1)
    assert 0 < city.presence.min_fraction < 54 / ROWS
