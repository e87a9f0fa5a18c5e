"""`shardmill inspect`: runs, shards, vocabularies, schemas."""

import gzip
import io
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions
from google.protobuf import text_format
from pyarrow import parquet
from rich.console import Console
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from shardmill.pipelines.describe.describe_path import as_json
from shardmill.pipelines.inspect import file_tables
from shardmill.pipelines.inspect.inspect import format_values, inspect_path
from shardmill.pipelines.inspect.run_tables import print_features
from shardmill.pipelines.run_folder.manifest_keys import FeatureSettings
from shardmill.schemas.errors import DataError
from shardmill.transforms.tfrecord.decode import decode_example
from tests.support.framing import frame
from tests.support.manifests import manifest
from tests.support.stores import s3
from tests.support.stores.remote_files import SCHEME

SCHEMA = """
feature { name: "dep_delay" type: FLOAT presence { min_fraction: 1 } shape {} }
feature { name: "carrier" type: INT int_domain { min: 0 max: 16 is_categorical: true } shape { dim { size: 2 } } }
feature { name: "tags" type: BYTES domain: "tag" }
string_domain { name: "tag" value: "a" value: "b" }
"""
STATISTICS = """
datasets {
  name: "train" num_examples: 90
  features {
    path { step: "dep_delay" } type: FLOAT
    num_stats {
      common_stats { num_non_missing: 88 num_missing: 2 } mean: 12.5 std_dev: 3 min: -4 median: 9 max: 1301
      histograms { type: QUANTILES }
      histograms { buckets { sample_count: 30 } buckets { sample_count: 60 } }
    }
  }
  features {
    path { step: "arr_delay" } type: FLOAT
    num_stats { common_stats { num_non_missing: 90 } mean: 2 std_dev: 1 max: 7 histograms { type: STANDARD } }
  }
  features {
    path { step: "zero" } type: INT
    num_stats { common_stats { num_non_missing: 90 } max: 7 histograms { type: QUANTILES } }
  }
  features { path { step: "none" } type: FLOAT num_stats { common_stats { num_missing: 90 } } }
  features { path { step: "carrier" } type: STRING string_stats {
      common_stats { num_non_missing: 90 } unique: 16
      rank_histogram { buckets { label: "UA" sample_count: 80 } buckets { label: "B6" sample_count: 10 } }
    } }
}
"""


def field(number: int, data: bytes) -> bytes:
    """A length-delimited protobuf field of less than 128 bytes."""
    assert len(data) < 128
    return bytes([number << 3 | 2, len(data)]) + data


def example(**features: bytes) -> bytes:
    """A serialized tf.train.Example from its features' serialized lists, by the wire format's description."""
    entries = (field(1, field(1, name.encode()) + field(2, value)) for name, value in features.items())
    return field(1, b"".join(entries))


RECORD = example(
    carrier=field(3, field(1, b"\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")),
    dep_delay=field(2, field(1, struct.pack("<f", 0.1))),
    empty=field(1, b""),
    tags=field(1, field(1, b"UA") + field(1, b"\xff")),
)


def shown(path: Path | str, records: int = 5) -> str:
    """What inspect prints."""
    out = io.StringIO()
    inspect_path(str(path), records, Console(file=out, width=200, highlight=False))
    return out.getvalue()


def write_run(folder: Path) -> Path:
    """A run's folder with what inspect reads."""
    (folder / "transformed_metadata").mkdir(parents=True)
    (folder / "transform_fn" / "assets").mkdir(parents=True)
    (folder / "pre_transform_feature_stats").mkdir()
    (folder / "manifest.json").write_text(json.dumps(manifest()))
    (folder / "transformed_metadata" / "schema.pbtxt").write_text(SCHEMA)
    (folder / "transformed_metadata" / "asset_map").write_text('{"carrier": "carrier"}')
    (folder / "transform_fn" / "assets" / "carrier").write_bytes(b"UA\nB6\nEV\n")
    statistics = text_format.Parse(STATISTICS, statistics_pb2.DatasetFeatureStatisticsList())
    (folder / "pre_transform_feature_stats" / "FeatureStats.pb").write_bytes(statistics.SerializeToString())
    (folder / "_SUCCESS").touch()
    return folder


def row(text: str, name: str) -> list[str]:
    """The cells of a printed table's first row that begins with a name."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().removeprefix("│").removesuffix("│").split("│")]
        if cells[0] == name:
            return cells
    raise AssertionError(f"no row {name!r} in:\n{text}")


def test_a_run_is_shown_in_full(tmp_path: Path) -> None:
    """Splits, shards, features with kind, type and shape, vocabularies and statistics, as far as they are known, are shown."""
    text = shown(write_run(tmp_path / "run"))
    assert row(text, "train") == ["train", "90", "1", "2.0 KiB"]
    assert "101 rows read = 100 written + 1 rejected" in text
    assert row(text, "eval-00000-of-00001.tfrecord.gz") == [
        "eval-00000-of-00001.tfrecord.gz",
        "10",
        "70",
        "cdcdcdcdcdcd",
    ]
    assert row(text, "dep_delay") == ["dep_delay", "z_score", "float32", "[]", ""]
    assert row(text, "carrier") == ["carrier", "vocabulary", "int64", "[2]", "0 to 16"]
    assert row(text, "tags") == ["tags", "", "bytes", "variable", "2 values"]
    vocabularies = text[text.index("vocabularies") :]
    assert row(vocabularies, "carrier") == ["carrier", "3", "UA", "transform_fn/assets/carrier"]
    statistics = text[text.index("statistics of 90 rows") :]
    assert row(statistics, "dep_delay") == ["dep_delay", "▄█", "2", "12.5", "-4", "1301", "9", "3", ""]
    assert row(statistics, "arr_delay") == ["arr_delay", "", "0", "2", "0", "7", "", "1", ""]
    assert row(statistics, "zero") == ["zero", "", "0", "0", "0", "7", "0", "0", ""]
    assert row(statistics, "none") == ["none", "", "90", "", "", "", "", "", ""]
    assert row(statistics, "carrier") == ["carrier", "█▁", "0", "", "", "", "", "", "16"]
    assert "isn't finished" not in text


@pytest.mark.parametrize("name", ["at_year", "at_hour_sin", "at_missing", "at"])
def test_outputs_of_one_feature_have_its_kind(name: str) -> None:
    """A date's parts, say; not those of a feature whose name is another's beginning."""
    schema = text_format.Parse(f'feature {{ name: "{name}" type: INT shape {{}} }}', schema_pb2.Schema())
    out = io.StringIO()
    declared = {"a": "z_score", "at": FeatureSettings(kind="datetime"), "at_y": "hash", "year": "numeric"}
    print_features(Console(file=out, width=200), schema, declared)
    assert row(out.getvalue(), name)[1] == "datetime"


def test_a_remote_path_is_shown_as_a_local_one(tmp_path: Path) -> None:
    """A run elsewhere is shown with all that is shown of one here, and so is a vocabulary."""
    run = write_run(tmp_path / "run")
    for end in ("", "/"):
        assert shown(f"{SCHEME}://{run}{end}") == shown(run)
    (run / "_SUCCESS").unlink()
    assert "This run isn't finished" in shown(f"{SCHEME}://{run}")
    vocabulary = run / "transform_fn" / "assets" / "carrier"
    assert shown(f"{SCHEME}://{vocabulary}", 2) == shown(vocabulary, 2)


def test_an_unfinished_run_is_called_so(tmp_path: Path) -> None:
    """A run without `_SUCCESS` isn't passed off as finished."""
    run = write_run(tmp_path / "run")
    (run / "_SUCCESS").unlink()
    assert "This run isn't finished" in shown(run)


@pytest.mark.parametrize("name", ["train-00000-of-00001.tfrecord.gz", "train-00000-of-00001.tfrecord"])
def test_a_shard_is_decoded(tmp_path: Path, name: str) -> None:
    """The first records of a shard are shown with the values and types of their features."""
    path = tmp_path / name
    data = frame(RECORD) * 3
    # Two members, as shards are assembled.
    path.write_bytes(
        gzip.compress(data[: len(data) // 3]) + gzip.compress(data[len(data) // 3 :]) if name.endswith("gz") else data
    )
    text = shown(path, 2)
    assert row(text, "dep_delay") == ["dep_delay", "float32", "0.1", "0.1"]
    assert row(text, "carrier") == ["carrier", "int64", "5, -1", "5, -1"]
    assert row(text, "tags") == ["tags", "bytes", "UA, \\xff", "UA, \\xff"]
    assert row(text, "empty")[2:] == ["", ""]


def test_decoding_agrees_with_the_wire_format() -> None:
    """An Example is decoded by name, with Python's own types."""
    decoded: dict[str, Any] = decode_example(RECORD)
    assert decoded == {"carrier": [5, -1], "dep_delay": [pytest.approx(0.1)], "empty": [], "tags": [b"UA", b"\xff"]}


def test_an_empty_shard_says_so(tmp_path: Path) -> None:
    """A shard without records is shown as such."""
    path = tmp_path / "test-00000-of-00001.tfrecord.gz"
    path.write_bytes(gzip.compress(b""))
    assert "holds no records" in shown(path).replace("\n", " ")


def test_a_damaged_shard_is_named(tmp_path: Path) -> None:
    """A truncated member, a flipped bit and a record that is no Example each get a message that names the file."""
    path = tmp_path / "train-00000-of-00001.tfrecord.gz"
    path.write_bytes(gzip.compress(frame(RECORD))[:-12])
    with pytest.raises(DataError, match=r"train-00000-of-00001.tfrecord.gz"):
        shown(path)
    damaged = bytearray(frame(RECORD))
    damaged[20] ^= 1
    path.write_bytes(gzip.compress(bytes(damaged)))
    with pytest.raises(DataError, match=r"train-00000-of-00001.tfrecord.gz.*record 0"):
        shown(path)
    path.write_bytes(gzip.compress(frame(b"\xff\xff\xff")))
    with pytest.raises(DataError, match=r"train-00000-of-00001.tfrecord.gz.*record 0: it isn't a tf.train.Example"):
        shown(path)


def test_a_vocabulary_is_listed(tmp_path: Path) -> None:
    """A vocabulary is shown with its size and its first tokens by id; markup and bad UTF-8 are shown as they are."""
    path = tmp_path / "carrier"
    path.write_bytes(b"UA\n[bold]\n\xff\nlast\n")
    text = shown(path, 3)
    assert "vocabulary of 4 tokens" in text
    assert [row(text, str(number))[1] for number in range(3)] == ["UA", "[bold]", "\\xff"]
    assert "last" not in text


def test_a_schema_is_listed(tmp_path: Path) -> None:
    """A schema's columns are shown with type, presence and domain."""
    path = tmp_path / "schema.pbtxt"
    path.write_text(SCHEMA)
    text = shown(path)
    assert row(text, "dep_delay") == ["dep_delay", "float32", "required", ""]
    assert row(text, "tags") == ["tags", "bytes", "optional", "2 values"]


@pytest.mark.parametrize(
    ("said", "values"),
    [
        ("type: INT int_domain { min: 0 }", "0 or more"),
        ("type: FLOAT float_domain { min: -0.5 max: 90 }", "-0.5 to 90"),
        ("type: FLOAT float_domain { max: 90 }", "90 or less"),
        ("type: FLOAT float_domain { disallow_nan: true }", ""),
        ("type: INT bool_domain {}", "1 or 0"),
        ('type: BYTES bool_domain { true_value: "yes" false_value: "no" }', "yes or no"),
        ('type: BYTES time_domain { string_format: "%d.%m.%Y" }', "%d.%m.%Y"),
        ("type: INT time_domain { integer_format: UNIX_SECONDS }", "unix seconds"),
        ("type: INT time_of_day_domain { integer_format: PACKED_64_NANOS }", "packed 64 nanos"),
        ("type: BYTES natural_language_domain {}", "free text"),
    ],
)
def test_a_domain_of_any_kind_is_shown(tmp_path: Path, said: str, values: str) -> None:
    """In a few words."""
    path = tmp_path / "schema.pbtxt"
    path.write_text(f'feature {{ name: "x" {said} }}')
    assert row(shown(path), "x")[-1] == values


def test_what_cannot_be_inspected_is_named(tmp_path: Path) -> None:
    """Nothing there, local or remote, another folder, another file and a bad schema each get their message."""
    with pytest.raises(DataError, match="no file or folder at"):
        shown(tmp_path / "absent")
    with pytest.raises(DataError, match=r"isn't a run: it has no manifest.json"):
        shown(tmp_path)
    (tmp_path / "model.bin").write_bytes(b"\0\1\2")
    with pytest.raises(DataError, match=r"model.bin' isn't a file that inspect knows"):
        shown(tmp_path / "model.bin")
    (tmp_path / "bad.pbtxt").write_text("feature { nmae: 'x' }")
    with pytest.raises(DataError, match=r"bad.pbtxt' isn't a schema.pbtxt: 1:11"):
        shown(tmp_path / "bad.pbtxt")
    with pytest.raises(DataError, match=rf"no file or folder at '{SCHEME}://.*absent'"):
        inspect_path(f"{SCHEME}://{tmp_path}/absent")
    run = write_run(tmp_path / "run")
    (run / "transform_fn" / "assets" / "carrier").unlink()
    with pytest.raises(DataError, match=r"run' lacks .*transform_fn/assets/carrier"):
        shown(run)
    (run / "manifest.json").write_text("{")
    with pytest.raises(DataError, match=r"manifest.json' isn't valid JSON"):
        shown(run)


@pytest.fixture(scope="module")
def store() -> Iterator[s3.S3]:
    """A store that the environment leads to."""
    with s3.serve("bucket") as server, pytest.MonkeyPatch.context() as patch:
        for name, value in {**server.environment, "AWS_ENDPOINT_URL_S3": server.endpoint}.items():
            patch.setenv(name, value)
        patch.setattr(FileSystems, "_pipeline_options", PipelineOptions([]))
        yield server


def put(store: s3.S3, folder: Path, name: str) -> str:
    """Puts a folder into the store; returns its URL."""
    for path in folder.rglob("*"):
        if path.is_file():
            store.put("bucket", f"{name}/{path.relative_to(folder)}", path.read_bytes())
    return f"s3://bucket/{name}"


def test_a_remote_run_is_shown_as_a_local_one(store: s3.S3, tmp_path: Path) -> None:
    """By its URL, with or without a slash at the end, and no shard is fetched; a remote shard is called by its URL."""
    run = write_run(tmp_path / "run")
    shard = "train-00000-of-00001.tfrecord.gz"
    (run / shard).write_bytes(gzip.compress(frame(RECORD)))
    url = put(store, run, "deep/it's a run")
    store.faults.clear()
    assert shown(url) == shown(f"{url}/") == shown(run)
    assert [asked for asked in store.faults.asked if "tfrecord" in asked.target and asked.range] == []
    assert f"the first 1 records of {url}/{shard}" in shown(f"{url}/{shard}")


def test_errors_name_the_url(store: s3.S3, tmp_path: Path) -> None:
    """Not the copy that was read: of a folder that is no run, a run that lacks a file or has a damaged one, a damaged shard."""
    run = write_run(tmp_path / "run")
    (run / "transform_fn" / "assets" / "carrier").unlink()
    (run / "train.tfrecord").write_bytes(frame(b"\xff\xff\xff"))
    (run / "empty.tfrecord").touch()
    url = put(store, run, "half")
    put(store, run / "pre_transform_feature_stats", "none/metadata")
    store.put("bucket", "damaged/manifest.json", b"{")
    for path, message in (
        ("s3://bucket/none/", "'s3://bucket/none' isn't a run: it has no manifest.json"),
        (url, f"'{url}' lacks '{url}/transform_fn/assets/carrier'"),
        ("s3://bucket/damaged", "'s3://bucket/damaged/manifest.json' isn't valid JSON"),
        (f"{url}/train.tfrecord", f"'{url}/train.tfrecord', record 0: it isn't a tf.train.Example"),
    ):
        with pytest.raises(DataError, match=f"^{message}"):
            shown(path)
    assert f"{url}/empty.tfrecord holds no records" in shown(f"{url}/empty.tfrecord")


REJECTED = b"".join(
    json.dumps(
        {"file": "a.csv", "line": line, "column": "age", "reason": "expected an integer, found 'x'", "row": "x,1"}
    ).encode()
    + b"\n"
    for line in range(2, 12)
)


def test_rejected_rows_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that goes on and on isn't held, and one of nested lists without end is no row."""
    path = tmp_path / "rejected.jsonl.gz"
    path.write_bytes(gzip.compress(REJECTED.splitlines(keepends=True)[0] + b"[" * 100_000 + b"\n"))
    with pytest.raises(DataError, match="line 2: expected a rejected row as JSON"):
        shown(path)
    monkeypatch.setattr(file_tables, "_LINE_BYTES", 1000)
    path.write_bytes(gzip.compress(REJECTED.splitlines(keepends=True)[0] + b"x" * 100_000))
    with pytest.raises(DataError, match="line 2: expected a rejected row, received a line without end"):
        shown(path)


@pytest.mark.parametrize("name", ["rejected.jsonl", "rejected.jsonl.gz"])
def test_rejected_rows_are_listed(tmp_path: Path, name: str) -> None:
    """How many there are, and of the first the place, the column, the reason and the row."""
    path = tmp_path / name
    path.write_bytes(gzip.compress(REJECTED) if name.endswith("gz") else REJECTED)
    text = shown(path, 2)
    assert "10 rejected rows" in text
    assert row(text, "a.csv:2") == ["a.csv:2", "age", "expected an integer, found 'x'", "x,1"]
    assert "a.csv:4" not in text
    path.write_bytes(gzip.compress(REJECTED[:-9]) if name.endswith("gz") else REJECTED[:-9])
    with pytest.raises(DataError, match="ends in the middle of line 10"):
        shown(path)


@pytest.mark.parametrize(
    ("name", "delimiter"), [("a.csv", ","), ("a.csv.gz", ";"), ("a.tsv", "\t"), ("part-00000", "|"), ("a.txt", ",")]
)
def test_a_csv_file_is_shown(tmp_path: Path, name: str, delimiter: str) -> None:
    """Its columns, delimiter and first rows, whether its name says that it is CSV or only its lines do."""
    data = "\n".join(delimiter.join(cells) for cells in (("city", "age"), ("Rome", "7"), ("Oslo", "8"))).encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    text = shown(tmp_path / name, 1)
    assert f"CSV of 2 columns with {json.dumps(delimiter)} between them, utf-8, with a header" in text
    assert row(text, "city") == ["city", "Rome"]
    assert row(text, "age") == ["age", "7"]


def test_a_csv_file_whose_header_lacks_a_cell_is_shown_with_it(tmp_path: Path) -> None:
    """The columns are called as a run calls them."""
    (tmp_path / "a.csv").write_text('"city","age"\n"1","Rome",7\n"2","Oslo",8\n')
    text = shown(tmp_path / "a.csv", 1)
    assert [row(text, name) for name in ("column_1", "city", "age")] == [
        ["column_1", "1"],
        ["city", "Rome"],
        ["age", "7"],
    ]


def test_a_configuration_is_shown_by_sections(tmp_path: Path) -> None:
    """Each section with its keys and values; other TOML isn't taken for one."""
    path = tmp_path / "pipeline.toml"
    path.write_text(
        'derive = "f.py:f"\n[input]\nfiles = ["a.csv"]\n[features]\n"n*" = { kind = "hash", num_buckets = 3 }\n'
    )
    text = shown(path)
    assert "[input]" in text
    assert row(text, "derive") == ["derive", '"f.py:f"']
    assert row(text, "files") == ["files", '["a.csv"]']
    assert row(text, "n*") == ["n*", 'kind = "hash", num_buckets = 3']
    path.write_text("[tool.ruff]\nx = 1\n")
    with pytest.raises(DataError, match="is TOML, but not a configuration"):
        shown(path)


def test_statistics_are_shown(tmp_path: Path) -> None:
    """The file of a run's statistics is shown as in the run."""
    statistics = write_run(tmp_path / "run") / "pre_transform_feature_stats" / "FeatureStats.pb"
    assert row(shown(statistics), "dep_delay") == ["dep_delay", "▄█", "2", "12.5", "-4", "1301", "9", "3", ""]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("notes.md", b"Some\nlines\n", "isn't a file that inspect knows; it knows a run's folder, its shards"),
        ("asset_map", b'{"a": "b"}', "it is JSON, but neither a manifest nor rejected rows"),
        ("saved_model.pb", b"\x08\x01", "the graph of a SavedModel, which `saved_model_cli show"),
        ("empty", b"", "empty' is empty"),
        ("empty.csv", b"", "empty.csv' is empty"),
        ("empty.pbtxt", b"", "empty.pbtxt' is empty"),
        ("empty.gz", gzip.compress(b"", mtime=0), "knows: it is empty"),
        ("twice", b"a\na\n", "isn't a file that inspect knows"),
        ("part.gz", gzip.compress(b"\0\1", mtime=0), "isn't a file that inspect knows"),
    ],
    ids=["text", "json", "saved-model", "empty", "empty-csv", "empty-schema", "empty-gzip", "repeated", "binary"],
)
def test_what_is_not_known_is_not_taken_for_something_else(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    """Neither for a vocabulary nor for a damaged shard; the message says what is known."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        shown(tmp_path / name)


def test_a_vocabulary_of_a_run_may_look_like_anything(tmp_path: Path) -> None:
    """In the graph's assets a file is a vocabulary, whatever its tokens are."""
    folder = tmp_path / "assets"
    folder.mkdir()
    for name, content in (("pairs", b"a,b\nc,d\n"), ("objects", b"{}\n[]\n"), ("none", b"")):
        (folder / name).write_bytes(content)
        assert f"vocabulary of {len(content.splitlines())} tokens" in shown(folder / name)


def test_tables_fit_a_terminal(tmp_path: Path) -> None:
    """At 80 columns no number of the statistics is broken."""
    out = io.StringIO()
    inspect_path(str(write_run(tmp_path / "run")), 5, Console(file=out, width=80, highlight=False))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert any("-4" in line and "1301" in line for line in lines)


def test_long_values_are_cut() -> None:
    """Many values and long texts are shown by their beginning and their number."""
    assert format_values(list(range(10))) == "0, 1, 2, 3, 4, 5, 6, 7, ... (10 values)"
    assert format_values([b"x" * 100]) == "x" * 60 + "... (100 characters)"


@pytest.mark.parametrize("name", ["data.parquet", "data"])
def test_a_parquet_file_is_shown(tmp_path: Path, name: str) -> None:
    """Its columns with their types and missing values, and the first rows; of lists the file doesn't tell which are missing."""
    table = pa.table({"x": [1, None, 3], "s": ["a\x1b[31m", "b", None], "l": [[1, 2], [], None]})
    parquet.write_table(table, tmp_path / name, row_group_size=2)
    lines = shown(tmp_path / name, records=2).splitlines()
    assert lines[0].startswith("Parquet of 3 columns and 3 rows, ")
    cells = {
        line.split("│")[1].strip(): [each.strip() for each in line.split("│")[2:-1]] for line in lines if "│" in line
    }
    assert cells["x"] == ["int64", "1", "1", ""]
    assert cells["s"] == ["string", "1", r"a\u001b[31m", "b"]
    assert cells["l"][0].startswith("list<")
    assert cells["l"][1:] == ["", "[1, 2]", "[]"]
    found = json.loads(as_json(str(tmp_path / name), 1))
    assert (found["kind"], found["rows"], found["first"]) == ("parquet", 3, [{"x": 1, "s": "a\x1b[31m", "l": [1, 2]}])


def test_a_damaged_parquet_file_is_named(tmp_path: Path) -> None:
    """As one that isn't Parquet at all."""
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(DataError, match=r"a\.parquet' isn't a Parquet file, or is damaged: "):
        shown(tmp_path / "a.parquet")
