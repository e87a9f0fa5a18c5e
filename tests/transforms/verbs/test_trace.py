"""From the findings of the analysis to the graph."""

from pathlib import Path

from tests.support.runs import pipeline_result, unpublished

LONG = "駅" * 29
TOML = """
[input]
files = ["{folder}/rows.csv"]
[features]
first = {{ kind = "vocabulary", column = "s", shared = "." }}
second = {{ kind = "vocabulary", column = "s", shared = ".." }}
third = {{ kind = "vocabulary", column = "s", shared = "{long}" }}
[output]
shards = 1
"""


def test_a_run_with_odd_names_of_vocabularies(tmp_path: Path, shared_tracer: None) -> None:
    """A vocabulary's name may be a folder's own, or longer percent-encoded than a file's name may be."""
    (tmp_path / "rows.csv").write_text("s\nOslo\nRome\nOslo\n")
    (tmp_path / "p.toml").write_text(TOML.format(folder=tmp_path, long=LONG))
    pipeline_result(tmp_path / "p.toml", tmp_path / "work")
    found = {Path(name).name: text for name, text in unpublished(tmp_path / "work").items() if "/assets/" in name}
    assert {"%2E", "%2E%2E"} < found.keys()
    assert set(found.values()) == {b"Oslo\nRome\n"}
    assert len(found) == 3
