"""Runs to verify, their input, what is found in them, and copies to damage."""

import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.verify.recorded import Check
from shardmill.pipelines.verify.verify import verify
from shardmill.transforms.tfrecord.frames import read_records

NAMES = ["manifest", "files", "input", "shards", "rows"]
FEATURES = """
[features]
age = { kind = "z_score", missing = "median", indicator = true }
city = { kind = "vocabulary", num_oov_buckets = 1 }
kinds = { kind = "one_hot", column = "kind" }
price = "label"
"""
SPLIT = '[split]\ntrain = 0.8\neval = 0.2\nkey = ["id"]\n'
# Wide enough that a file is more than one block of rows.
PADDING = "." * 5000


def write_rows(path: Path, rows: range, *, padding: str = "") -> None:
    """Rows that are functions of their number: quoted newlines, missing cells, and one bad row in 100."""
    lines = ["id,age,city,kind,price,notes\n"]
    for row in rows:
        age = "unknown" if row % 100 == 50 else "" if row % 17 == 0 else f"{20 + row % 61}.5"
        city = ["Oslo", '"New\nYork"', "München", ""][row % 7 % 4]
        lines.append(f"{row // 3},{age},{city},{'abc'[row % 3]},{row / 7:.4f},{padding}\n")
    text = "".join(lines).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)


def write_input(folder: Path) -> str:
    """Three files, one of several blocks; the configuration's line that names them."""
    folder.mkdir(parents=True)
    write_rows(folder / "a.csv", range(700))
    write_rows(folder / "b.csv", range(700, 2000), padding=PADDING)
    write_rows(folder / "c.csv.gz", range(2000, 2300))
    return f'[input]\nfiles = ["{folder}/*.csv*"]\nmax_bad_fraction = 0.1\n'


@dataclass(frozen=True)
class Damaged:
    """A copy of a run and of its input, to damage."""

    run: Path
    data: Path

    @property
    def manifest(self) -> dict[str, Any]:
        """Its manifest."""
        found: dict[str, Any] = json.loads((self.run / "manifest.json").read_text())
        return found

    def write(self, manifest: dict[str, Any]) -> None:
        """Replaces its manifest."""
        (self.run / "manifest.json").write_text(json.dumps(manifest))

    def list_shard(self, manifest: dict[str, Any], index: int, records: int | None = None) -> None:
        """Puts a train shard's bytes, checksum and (if given) records into a manifest, and the sums."""
        train = manifest["splits"]["train"]
        shard = train["shards"][index]
        data = (self.run / shard["file"]).read_bytes()
        shard |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        if records is not None:
            shard["rows"] = records
        for key in ("bytes", "rows"):
            train[key] = sum(each[key] for each in train["shards"])

    def list_file(self, name: str) -> None:
        """Puts a file's bytes and checksum, as they are now, into the manifest."""
        data = (self.run / name).read_bytes()
        manifest = self.manifest
        entry = next(entry for entry in manifest["files"] if entry["file"] == name)
        entry |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        self.write(manifest)

    def problems(self, sample: int | None = None) -> dict[str, tuple[str, ...]]:
        """What `verify` says is wrong, by check."""
        return problems(self.run, sample)


def checks(run: str | Path, sample: int | None = None) -> dict[str, Check]:
    """All checks of a run, by name."""
    found = {check.name: check for check in verify(str(run), sample, 2, Progress(quiet=True))}
    assert list(found) == NAMES
    return found


def problems(run: str | Path, sample: int | None = None) -> dict[str, tuple[str, ...]]:
    """What is wrong with a run, by check; checks that find nothing are left out."""
    return {name: check.problems for name, check in checks(run, sample).items() if check.problems}


def records_of(path: Path) -> list[bytes]:
    """A shard's records."""
    with path.open("rb") as stream:
        return [record for block in read_records(stream, str(path)) for record in block.to_pylist()]
