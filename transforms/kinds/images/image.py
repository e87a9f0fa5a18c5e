"""The kind of images whose pixels are columns."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from shardmill.schemas.errors import DataError
from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import NUMBERS, Kind, Request, Tensor, Trace, float32
from shardmill.transforms.kinds.numeric.scale import deviation_of
from shardmill.transforms.kinds.parameters import has_wildcard
from shardmill.transforms.numbers.refused import Refusal
from shardmill.transforms.statistics.requests import NumericRequest, NumericStats, Statistics

# What a pixel's greatest value, 255, is scaled to 1 by.
_SCALE = 1 / 255
# The dimensions of an image with channels.
_WITH_CHANNELS = 3


@dataclass(frozen=True, kw_only=True)
class Image(Kind):
    """An image from columns of pixels, numbers or bytes.

    Each pixel is x * scale + offset, as by Keras's `Rescaling`; or (x - mean) / standard deviation
    of each pixel or channel, and x - mean where the deviation is 0; float32 of a given shape.

    As bytes (`dtype = "uint8"`), a row holds its image's pixels unchanged, one byte each, from
    which `tf.io.decode_raw` makes them again. A pixel that isn't an integer from 0 to 255 then
    rejects its row; in a served graph, which rejects nothing, it is limited to them and rounded
    down.

    Attributes:
        shape: Height and width, and perhaps the number of channels. There are as many columns.
        dtype: `"float32"` or `"uint8"`.
        scale: The factor of each pixel. None means 1/255.
        offset: The number that is added to the product.
        standardize: `"pixel"` or `"channel"`: whose mean and deviation are used. None means that
            pixels are scaled by a fixed factor.
        data_format: The columns' order: `"channels_last"`, where a pixel's channels are adjacent
            columns, or `"channels_first"`, where a channel's pixels are. The output's is always the
            former.
        missing: The value of a missing pixel, before it is scaled; `"reject"` rejects the row.
    """

    kind = "image"
    types = NUMBERS
    max_columns: ClassVar[int] = 1 << 20
    is_stacked: ClassVar[bool] = True

    shape: tuple[int, ...]
    dtype: str = "float32"
    scale: float | None = None
    offset: float = 0.0
    standardize: str | None = None
    data_format: str = "channels_last"
    missing: float | str | None = "reject"

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        self._check_words()
        if not 2 <= len(self.shape) <= _WITH_CHANNELS or min(self.shape) < 1:  # noqa: PLR2004 (height and width)
            raise self.error(
                f"expected `shape` to be [height, width] or [height, width, channels], received {list(self.shape)!r}"
            )
        # The columns of a pattern aren't known before the data is.
        if not any(map(has_wildcard, self.columns)) and len(self.columns) != math.prod(self.shape):
            raise self.error(
                f"expected {math.prod(self.shape)} columns for `shape` {list(self.shape)!r}, one for each pixel and channel, "
                f"received {len(self.columns)}"
            )
        if self.data_format == "channels_first" and len(self.shape) < _WITH_CHANNELS:
            raise self.error(f"expected `shape` with channels for `channels_first`, received {list(self.shape)!r}")
        if isinstance(self.missing, str) and self.missing != "reject":
            raise self.error(f'expected `missing` to be a number or "reject", received {self.missing!r}')
        self._check_dtype()

    def _check_words(self) -> None:
        for key, words in (
            ("dtype", ("float32", "uint8")),
            ("standardize", (None, "pixel", "channel")),
            ("data_format", ("channels_last", "channels_first")),
        ):
            if getattr(self, key) not in words:
                wanted = " or ".join(f'"{word}"' for word in words if word)
                raise self.error(f"expected `{key}` to be {wanted}, received {getattr(self, key)!r}")

    def _check_dtype(self) -> None:
        scaled = self.scale is not None or self.offset != 0
        if self.standardize is not None and scaled:
            raise self.error("expected `standardize` or `scale` and `offset`, received both; remove one of them")
        if self.dtype == "float32":
            return
        if self.standardize is not None or scaled:
            raise self.error(
                'expected pixels of `dtype = "uint8"` unchanged; remove `standardize`, `scale` and `offset`'
            )
        if isinstance(self.missing, int | float) and self.missing not in range(256):
            raise self.error(f"expected `missing` to be an integer from 0 to 255, received {self.missing!r}")

    def refusals(self) -> Mapping[str, Refusal]:
        """See `Kind.refusals`."""
        return dict.fromkeys(self.columns, "byte") if self.dtype == "uint8" else {}

    def requests(self, _schema: Schema) -> tuple[Request, ...]:
        """The moments of each column, where they are needed."""
        return () if self.standardize is None else tuple(map(NumericRequest, self.columns))

    def _outputs(self, _schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        if self.standardize is not None:
            self._moments(statistics)
        return (
            FeatureSpec(self.name, "bytes") if self.dtype == "uint8" else FeatureSpec(self.name, "float32", self.shape),
        )

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        raw, tf = trace.tf.raw_ops, trace.tf
        values = trace.matrix(self.columns)
        if isinstance(self.missing, int | float):
            values = raw.SelectV2(condition=raw.IsNan(x=values), t=trace.constant(self.missing), e=values)
        if self.dtype == "uint8":
            return {self.name: _joined(trace, self._ordered(trace, values))}
        if self.standardize is None:
            factor = _SCALE if self.scale is None else self.scale
            values = raw.Mul(x=values, y=trace.hidden(factor))
            values = raw.AddV2(x=values, y=trace.hidden(self.offset)) if self.offset else values
        else:
            means, deviations = self._moments(trace.statistics)
            values = raw.RealDiv(
                x=raw.Sub(x=values, y=trace.hide(tf.constant(means))), y=trace.hide(tf.constant(deviations))
            )
        pixels = raw.Reshape(tensor=self._ordered(trace, values), shape=[-1, *self.shape])
        return {self.name: tf.ensure_shape(pixels, [None, *self.shape])}

    def _missing(self, trace: Trace) -> Tensor:
        raw = trace.tf.raw_ops
        return raw.Any(input=raw.IsNan(x=trace.matrix(self.columns)), axis=[1])

    def _ordered(self, trace: Trace, values: Tensor) -> Tensor:
        """The columns, channels last: [batch, columns]."""
        if self.data_format == "channels_last":
            return values
        raw, (height, width, channels) = trace.tf.raw_ops, self.shape
        planes = raw.Reshape(tensor=values, shape=[-1, channels, height * width])
        return raw.Reshape(tensor=raw.Transpose(x=planes, perm=[0, 2, 1]), shape=[-1, len(self.columns)])

    def _channel(self, column: int) -> int:
        """The channel of a column, by its position."""
        if len(self.shape) < _WITH_CHANNELS:
            return 0
        first = self.data_format == "channels_first"
        return column // (self.shape[0] * self.shape[1]) if first else column % self.shape[2]

    def _moments(self, statistics: Statistics) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Each column's mean, and what it is divided by, float32[columns].

        Raises:
            DataError: A pixel or a channel has no finite value.
        """
        groups: dict[int, list[NumericStats]] = {}
        own = [column if self.standardize == "pixel" else self._channel(column) for column in range(len(self.columns))]
        for group, column in zip(own, self.columns, strict=True):
            groups.setdefault(group, []).append(statistics.numeric[NumericRequest(column)])
        found = {group: _pooled(stats) for group, stats in groups.items()}
        if None in found.values():
            group = next(group for group, moments in found.items() if moments is None)
            what = f"column {self.columns[group]!r}" if self.standardize == "pixel" else f"channel {group}"
            raise DataError(
                f"feature {self.name!r}: {what} has no finite value in the {statistics.rows} rows of the train split, so "
                "`image` has nothing to standardize it by; remove `standardize`"
            )
        every = np.array([found[group] for group in own], np.float64)
        means = np.array([float32(mean) for mean in every[:, 0].tolist()], np.float32)
        deviations = np.array([float32(deviation_of(variance)) or 1 for variance in every[:, 1].tolist()], np.float32)
        return means, deviations


def _pooled(stats: list[NumericStats]) -> tuple[float, float] | None:
    """The mean and the biased variance of columns' values together.

    None means that there are no values.
    """
    count = sum(each.count for each in stats)
    if not count:
        return None
    present = [each for each in stats if each.count]
    least, greatest = min(each.minimum for each in present), max(each.maximum for each in present)
    if least == greatest:
        return least, 0.0
    mean = math.fsum(each.count * each.mean for each in present) / count
    squares = math.fsum(each.count * (each.variance + (each.mean - mean) ** 2) for each in present)
    return mean, squares / count


def _joined(trace: Trace, values: Tensor) -> Tensor:
    """string[batch]: the bytes of pixels, each row's together."""
    raw, tf = trace.tf.raw_ops, trace.tf
    limited = raw.Maximum(x=raw.Minimum(x=values, y=np.float32(255)), y=np.float32(0))
    # TensorFlow has no operation from numbers to bytes.
    each = tf.constant([bytes([value]) for value in range(256)])
    return raw.ReduceJoin(inputs=tf.gather(each, raw.Cast(x=limited, DstT=tf.int32)), reduction_indices=[1])
