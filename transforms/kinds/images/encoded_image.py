"""The kind of encoded images, such as PNG."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.kinds.base import Kind, Tensor, Trace
from shardmill.transforms.statistics.requests import Statistics

_SOURCES = ("base64", "path")
# Channels of gray images, of colors, and of colors with transparency.
_CHANNELS = (1, 3, 4)
_DIMENSIONS = 3


@dataclass(frozen=True, kw_only=True)
class EncodedImage(Kind):
    """An image from its file, or from the file's path.

    It is decoded in the graph, float32 of a given shape, each value x * scale; or passed through
    encoded, bytes. PNG, JPEG, GIF (its first image), BMP and what else TensorFlow knows are told
    apart by their content.

    A row is rejected if its cell is no base64, the file can't be read, the image can't be decoded
    or has another size. A served graph rejects nothing: the request fails.

    Attributes:
        source: What a cell is: the file in `"base64"`, of either alphabet and perhaps after
            `data:image/png;base64,`; or its `"path"`, as TensorFlow opens it.
        decode: Whether to decode it.
        shape: Height, width and number of channels, 1, 3 or 4.
        resize: Whether images of another size are resized, bilinearly as by `tf.image.resize`.
        scale: The factor of each value.
        root: A text before each path, such as `"images/"`.
        missing: `"reject"`, always.
    """

    kind = "encoded_image"
    types = frozenset({ColumnType.BYTES})
    checks_rows: ClassVar[bool] = True

    source: str
    decode: bool = True
    shape: tuple[int, ...] = ()
    resize: bool = False
    scale: float | None = None
    root: str = ""
    missing: float | str | None = "reject"

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if self.source not in _SOURCES:
            raise self.error(f'expected `source` to be "base64" or "path", received {self.source!r}')
        if self.missing != "reject":
            raise self.error(
                f'expected `missing` to be "reject", as there is no other image, received {self.missing!r}'
            )
        if self.root and self.source != "path":
            raise self.error(f'expected `root` with `source = "path"` only, received {self.root!r}; remove it')
        if not self.decode:
            given = [key for key in ("shape", "resize", "scale") if getattr(self, key)]
            if given:
                raise self.error(f"expected images without `{given[0]}`, as `decode` is false; remove one of them")
            return
        if len(self.shape) != _DIMENSIONS or min(self.shape) < 1 or self.shape[2] not in _CHANNELS:
            raise self.error(
                f"expected `shape` to be [height, width, channels], with 1, 3 or 4 channels, received {list(self.shape)!r}"
            )

    def _outputs(self, _schema: Schema, _statistics: Statistics) -> tuple[FeatureSpec, ...]:
        return (FeatureSpec(self.name, "float32", self.shape) if self.decode else FeatureSpec(self.name, "bytes"),)

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        raw, tf = trace.tf.raw_ops, trace.tf
        cells = trace.text(self.columns[0])
        if self.source == "base64":
            files = _from_base64(raw, cells)
        else:
            paths = raw.StringJoin(inputs=[self.root.encode(), cells])
            files = tf.map_fn(lambda path: raw.ReadFile(filename=path), paths)
        if not self.decode:
            return {self.name: files}
        spec = tf.TensorSpec(self.shape, tf.float32)
        pixels = tf.map_fn(lambda file: self._decoded(trace, file), files, fn_output_signature=spec)
        scale = 1 / 255 if self.scale is None else self.scale
        return {self.name: raw.Mul(x=tf.ensure_shape(pixels, [None, *self.shape]), y=trace.hidden(scale))}

    def _decoded(self, trace: Trace, file: Tensor) -> Tensor:
        """float32 of `shape`: a file's values, from 0 to 255."""
        raw, tf = trace.tf.raw_ops, trace.tf
        height, width, channels = self.shape
        image = raw.DecodeImage(contents=file, channels=channels, dtype=tf.uint8, expand_animations=False)
        if self.resize:
            resized = raw.ResizeBilinear(
                images=raw.ExpandDims(input=image, axis=0), size=[height, width], half_pixel_centers=True
            )
            return raw.Reshape(tensor=resized, shape=self.shape)
        found = raw.Shape(input=image)
        same = raw.All(input=raw.Equal(x=found, y=np.array(self.shape, np.int32)), axis=[0])
        said = f"expected an image of shape {list(self.shape)}, found"
        with tf.control_dependencies([raw.Assert(condition=same, data=[said, found])]):
            return raw.Reshape(tensor=raw.Cast(x=image, DstT=tf.float32), shape=self.shape)


def _from_base64(raw: Tensor, cells: Tensor) -> Tensor:
    """string[batch]: the bytes that cells spell in base64."""
    cells = raw.RegexReplace(input=cells, pattern=r"^data:[^,]*,", rewrite="")
    # The alphabet that is safe in URLs, which TensorFlow's operation takes.
    cells = raw.RegexReplace(input=raw.RegexReplace(input=cells, pattern=r"\+", rewrite="-"), pattern="/", rewrite="_")
    return raw.DecodeBase64(input=cells)
