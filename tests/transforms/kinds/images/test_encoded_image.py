"""Images from their files, in base64 or by paths."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from shardmill.pipelines.apply import Application, apply
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.inspect.run_tables import read_manifest
from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import run, schema_of
from tests.support.runs import read_rejected, read_split, run_toml
from tests.support.verified import checks

S = schema_of(cell="bytes")
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 3), np.uint8)
FILES: list[bytes] = [tf.io.encode_png(image).numpy() for image in PIXELS]
# In either alphabet, padded or not, and as browsers write it.
CELLS = [
    base64.b64encode(FILES[0]).decode(),
    base64.urlsafe_b64encode(FILES[1]).decode().rstrip("="),
    "data:image/png;base64," + base64.b64encode(FILES[2]).decode(),
]


def images(folder: Path, cells: list[str], **parameters: Any) -> Any:
    """The output of the kind."""
    table = {"x": {"kind": "encoded_image", "column": "cell", "source": "base64", **parameters}}
    return run(table, S, {"cell": cells}, folder)["x"]


def test_images_are_decoded(tmp_path: Path) -> None:
    """PNG exactly; gray from colors as TensorFlow makes it; scaled by 1/255, or as told."""
    for name in ("scaled", "gray", "no_rows"):
        (tmp_path / name).mkdir()
    assert np.array_equal(images(tmp_path, CELLS, shape=[4, 5, 3], scale=1.0), PIXELS)
    found = images(tmp_path / "scaled", CELLS, shape=[4, 5, 3])
    assert np.array_equal(found, PIXELS.astype(np.float32) * np.float32(1 / 255))
    gray = [tf.io.decode_png(file, channels=1).numpy() for file in FILES]
    assert np.array_equal(images(tmp_path / "gray", CELLS, shape=[4, 5, 1], scale=1.0), gray)


def test_images_are_resized(tmp_path: Path) -> None:
    """As by `tf.image.resize`; here a JPEG among PNGs."""
    jpeg = tf.io.encode_jpeg(PIXELS[0]).numpy()
    cells = [base64.b64encode(jpeg).decode(), CELLS[1]]
    expected = [tf.image.resize(tf.io.decode_jpeg(jpeg), [7, 3]), tf.image.resize(PIXELS[1], [7, 3])]
    found = images(tmp_path, cells, shape=[7, 3, 3], resize=True, scale=1.0)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_files_are_passed_through(tmp_path: Path) -> None:
    """From base64, or read by their paths."""
    (tmp_path / "paths").mkdir()
    assert list(images(tmp_path, CELLS, decode=False)) == FILES
    for number, file in enumerate(FILES):
        (tmp_path / f"{number}.png").write_bytes(file)
    paths = [f"{number}.png" for number in range(3)]
    root = f"{tmp_path}/"
    assert list(images(tmp_path / "paths", paths, source="path", root=root, decode=False)) == FILES


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"source": "url"}, 'expected `source` to be "base64" or "path", received \'url\''),
        (
            {"shape": [4, 5]},
            "expected `shape` to be [height, width, channels], with 1, 3 or 4 channels, received [4, 5]",
        ),
        (
            {"shape": [4, 5, 2]},
            "expected `shape` to be [height, width, channels], with 1, 3 or 4 channels, received [4, 5, 2]",
        ),
        ({"missing": 0}, 'expected `missing` to be "reject", as there is no other image, received 0'),
        ({"root": "a/"}, "expected `root` with `source = \"path\"` only, received 'a/'; remove it"),
        ({"decode": False}, "expected images without `shape`, as `decode` is false; remove one of them"),
    ],
)
def test_parameters_that_do_not_fit(parameters: dict[str, Any], message: str) -> None:
    """The message names the parameter."""
    table = {"kind": "encoded_image", "column": "cell", "source": "base64", "shape": [4, 5, 3], **parameters}
    with pytest.raises(ConfigError) as caught:
        parse_features({"x": table}, S)
    assert str(caught.value) == f"[features] x: {message}"


@pytest.mark.usefixtures("shared_tracer")
def test_images_that_can_not_be_decoded(tmp_path: Path) -> None:
    """Each rejects its row with TensorFlow's reason, in the run, in `verify` and in `apply`.

    Beside them a feature leaves out its row's fold, which rows have where the same graph checks them.
    """
    small = base64.b64encode(tf.io.encode_png(PIXELS[0][:2]).numpy()).decode()
    cells = [CELLS[0], base64.b64encode(b"no image").decode(), "*", CELLS[2], small, "", CELLS[1]]
    lines = [f'{row},"{cell}",a,{row + 1}\n' for row, cell in enumerate(cells)]
    (tmp_path / "rows.csv").write_text("".join(["id,cell,size,price\n", *lines]))
    folder = run_toml(
        tmp_path,
        """
        [input]
        files = "rows.csv"
        max_bad_fraction = 1.0
        [features]
        id = "string"
        size = { kind = "target_mean", target = "price", smoothing = 0, folds = 2 }
        x = { kind = "encoded_image", column = "cell", source = "base64", shape = [4, 5, 3], scale = 1.0 }
        [output]
        shards = 1
        shuffle = false
        """,
    )
    applied = tmp_path / "applied"
    application = Application(str(folder), (str(tmp_path / "rows.csv"),))
    apply(application, str(applied), overwrite=False, engine=Engine(), progress=Progress(quiet=True))
    for made_by in (folder, applied):
        assert read_manifest(str(made_by))["rows"] == {"read": 7, "written": 3, "rejected": 4}
        assert [each["line"] for each in read_rejected(made_by)] == [3, 4, 6, 7]
        reasons = [each["reason"] for each in read_rejected(made_by)]
        assert reasons[0].startswith("expected a row that [features] can take, found ")
        assert "nknown image file format" in reasons[0]
        assert "Base64 string length" in reasons[1]
        assert "expected an image of shape [4, 5, 3], found] [2 5 3]" in reasons[2]
        assert reasons[3] == "missing value in a column that must have one"
        assert np.array_equal(read_split(made_by, "train")["x"], PIXELS[[0, 2, 1]])
        assert [check.problems for check in checks(made_by).values() if check.problems] == []
    assert read_split(applied, "train")["size"].tolist() == [4, 4, 4]
    assert 4 not in read_split(folder, "train")["size"]


@pytest.mark.usefixtures("shared_tracer")
def test_images_beside_a_derive_function(tmp_path: Path) -> None:
    """There is one graph that rows must pass."""
    (tmp_path / "mine.py").write_text("def derive(inputs):\n    return {'other': inputs['cell']}\n")
    (tmp_path / "rows.csv").write_text(f"cell\n{CELLS[0]}\n")
    toml = """
        derive = "mine.py:derive"
        [input]
        files = "rows.csv"
        [features]
        x = { kind = "encoded_image", column = "cell", source = "base64", decode = false }
        """
    with pytest.raises(ConfigError, match="expected no `derive` beside `encoded_image`, received both; use"):
        run_toml(tmp_path, toml)
