"""Images from columns of pixels, against NumPy and Keras."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from shardmill.pipelines.inspect.run_tables import read_manifest
from shardmill.schemas.errors import ConfigError, DataError
from shardmill.schemas.run_folder import NAMES_FILE
from shardmill.transforms.features.registry import allowed_types, check_parameters, parse_features
from tests.support.kinds import run, schema_of
from tests.support.runs import read_rejected, read_split, run_toml
from tests.support.verified import checks

SIZE = 12
S = schema_of(**{f"p{number}": "int" for number in range(SIZE)}, other="bytes")
PIXELS = np.random.default_rng(0).integers(0, 256, (50, SIZE))
PIXELS[:, 3] = 7


def images(folder: Path, pixels: Any = PIXELS, schema: Any = S, **parameters: Any) -> np.ndarray:
    """The output of the kind."""
    cells = {f"p{number}": list(pixels[:, number]) for number in range(SIZE)}
    table = {"x": {"kind": "image", "columns": "p*", "shape": [2, 2, 3], **parameters}}
    found: np.ndarray = run(table, schema, {**cells, "other": ["a"] * len(pixels)}, folder)["x"]
    return found


def test_pixels_are_scaled_as_by_keras(tmp_path: Path) -> None:
    """To the bit: `Rescaling` with the default of 1/255, and with another scale and an offset."""
    (tmp_path / "other").mkdir()
    given = PIXELS.reshape(-1, 2, 2, 3).astype(np.float32)
    assert np.array_equal(images(tmp_path), keras.layers.Rescaling(1 / 255)(given).numpy())
    found = images(tmp_path / "other", scale=1 / 127.5, offset=-1)
    assert np.array_equal(found, keras.layers.Rescaling(1 / 127.5, -1)(given).numpy())


@pytest.mark.parametrize("shape", [[3, 4], [3, 4, 1]])
def test_a_shape_without_channels(shape: list[int], tmp_path: Path) -> None:
    """Rows of pixels follow each other; one channel is a dimension of its own."""
    assert np.array_equal(images(tmp_path, shape=shape, scale=1), PIXELS.reshape(-1, *shape))


@pytest.mark.parametrize(("standardize", "axis"), [("pixel", 0), ("channel", (0, 1, 2))])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_standardized_images(standardize: str, axis: Any, data_format: str, tmp_path: Path) -> None:
    """By the mean and deviation of each pixel, or of each channel's; a constant pixel is 0."""
    first = data_format == "channels_first"
    given = PIXELS.reshape(-1, 3, 2, 2).transpose(0, 2, 3, 1) if first else PIXELS.reshape(-1, 2, 2, 3)
    deviation = given.std(axis=axis)
    expected = (given - given.mean(axis=axis)) / np.where(deviation == 0, 1, deviation)
    found = images(tmp_path, standardize=standardize, data_format=data_format)
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=2e-6)
    assert standardize == "channel" or (found.reshape(50, 3, 4) == 0).all(axis=0).sum() == 1


def test_bytes(tmp_path: Path) -> None:
    """One for each pixel, as NumPy makes them; channels last."""
    (tmp_path / "first").mkdir()
    assert list(images(tmp_path, dtype="uint8")) == [row.astype(np.uint8).tobytes() for row in PIXELS]
    found = images(tmp_path / "first", dtype="uint8", data_format="channels_first")
    expected = PIXELS.reshape(-1, 3, 2, 2).transpose(0, 2, 3, 1).astype(np.uint8)
    assert list(found) == [row.tobytes() for row in expected]


def test_missing_pixels(tmp_path: Path) -> None:
    """They reject the row, or are a number; an indicator tells images that lack one."""
    pixels = PIXELS.astype(object)
    pixels[1, 5] = None
    (kind,) = parse_features({"x": {"kind": "image", "columns": "p*", "shape": [3, 4]}}, S)
    assert kind.required_columns(S) == kind.columns == tuple(f"p{number}" for number in range(SIZE))
    cells = {f"p{number}": list(pixels[:, number]) for number in range(SIZE)}
    table = {"x": {"kind": "image", "columns": "p*", "shape": [3, 4], "missing": 255, "indicator": True}}
    found = run(table, S, {**cells, "other": ["a"] * 50}, tmp_path)
    assert found["x"][1].reshape(-1)[5] == 1
    assert found["x_missing"].tolist() == [0, 1, *[0] * 48]


def test_columns_of_floats_among_integers(tmp_path: Path) -> None:
    """Give the same."""
    (tmp_path / "mixed").mkdir()
    mixed = schema_of(**{f"p{number}": ("float", "int")[number % 2] for number in range(SIZE)}, other="bytes")
    assert np.array_equal(images(tmp_path / "mixed", schema=mixed), images(tmp_path))


def test_a_channel_without_values(tmp_path: Path) -> None:
    """There is nothing to standardize it by."""
    pixels = PIXELS.astype(object)
    pixels[:, 1::3] = None
    with pytest.raises(DataError) as caught:
        images(tmp_path, pixels, standardize="channel", missing=0)
    assert str(caught.value) == (
        "feature 'x': channel 1 has no finite value in the 50 rows of the train split, so `image` has nothing to "
        "standardize it by; remove `standardize`"
    )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"shape": [2, 5]},
            "expected 10 columns for `shape` [2, 5], one for each pixel and channel, received 12",
        ),
        ({"shape": [12]}, "expected `shape` to be [height, width] or [height, width, channels], received [12]"),
        ({"shape": [-3, -4]}, "expected `shape` to be [height, width] or [height, width, channels], received [-3, -4]"),
        ({"dtype": "int8"}, 'expected `dtype` to be "float32" or "uint8", received \'int8\''),
        ({"standardize": "image"}, 'expected `standardize` to be "pixel" or "channel", received \'image\''),
        (
            {"standardize": "pixel", "scale": 1.0},
            "expected `standardize` or `scale` and `offset`, received both; remove one of them",
        ),
        (
            {"dtype": "uint8", "standardize": "pixel"},
            'expected pixels of `dtype = "uint8"` unchanged; remove `standardize`, `scale` and `offset`',
        ),
        ({"dtype": "uint8", "missing": 256}, "expected `missing` to be an integer from 0 to 255, received 256"),
        ({"missing": "mean"}, "expected `missing` to be a number or \"reject\", received 'mean'"),
        (
            {"shape": [3, 4], "data_format": "channels_first"},
            "expected `shape` with channels for `channels_first`, received [3, 4]",
        ),
        ({"columns": ["p*", "q*"]}, "the pattern 'q*' in `columns` matches no column; the data has p0, p1"),
        ({"columns": ["p*", "other"]}, "received column 'other', which is BYTES"),
    ],
)
def test_parameters_that_do_not_fit(parameters: dict[str, Any], message: str) -> None:
    """The message names the parameter."""
    with pytest.raises(ConfigError) as caught:
        parse_features({"x": {"kind": "image", "columns": "p*", "shape": [3, 4], **parameters}}, S)
    assert str(caught.value).startswith("[features] x: ")
    assert message in str(caught.value)


def test_columns_are_found_by_a_pattern() -> None:
    """In the data's order, named ones in theirs; other lines' patterns don't match them. Before the data is known, nothing is counted."""
    table = {"x": {"kind": "image", "columns": ["p11", "p[0-9]"], "shape": [11, 1]}, "*": "vocabulary"}
    (image, vocabulary, *_) = parse_features(table, S)
    assert image.columns == ("p11", *(f"p{number}" for number in range(10)))
    assert vocabulary.columns == ("p10",)
    check_parameters(table)
    assert allowed_types(table, S.names).keys() == set(S.names)


@pytest.mark.usefixtures("shared_tracer")
def test_a_run_with_images(tmp_path: Path) -> None:
    """Rows without a pixel, or with one that is no byte, are rejected; the served graph gives the same bits."""
    rows = ["0,10,20,255,a", "1,,3,4,b", "1,2,256,4,c", "1,2,-1,4,d", "5,6,7,8,e"]
    (tmp_path / "rows.csv").write_text("p0,p1,p2,p3,id\n" + "\n".join(rows) + "\n")
    folder = run_toml(
        tmp_path,
        """
        [input]
        files = "rows.csv"
        max_bad_fraction = 1.0
        [features]
        floats = { kind = "image", columns = "p*", shape = [2, 2, 1], standardize = "pixel" }
        bytes = { kind = "image", columns = ["p0", "p1", "p2", "p3"], shape = [2, 2], dtype = "uint8" }
        id = "string"
        [output]
        shards = 1
        shuffle = false
        """,
    )
    # All columns are one input of the graph that the transform phase runs.
    inputs = json.loads((folder / "transform_fn" / NAMES_FILE).read_text())["signatures"]["transform"]["inputs"]
    assert len({inputs[f"p{number}"][0] for number in range(4)}) == 1
    assert read_manifest(str(folder))["columns"]["refused"] == {f"p{number}": ["byte"] for number in range(4)}
    assert [(each["line"], each["column"], each["reason"]) for each in read_rejected(folder)] == [
        (3, "p1", "missing value in a column that must have one"),
        (4, "p2", "expected an integer from 0 to 255, as a pixel, found 256"),
        (5, "p2", "expected an integer from 0 to 255, as a pixel, found -1"),
    ]
    found = read_split(folder, "train")
    assert found["bytes"].tolist() == [bytes([0, 10, 20, 255]), bytes([5, 6, 7, 8])]
    assert found["floats"].tolist() == [[[[-1], [1]], [[1], [1]]], [[[1], [-1]], [[-1], [-1]]]]
    assert [check.problems for check in checks(folder).values() if check.problems] == []
