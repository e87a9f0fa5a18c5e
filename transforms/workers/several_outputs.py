"""The base of PTransforms with several outputs."""

import apache_beam as beam


class SeveralOutputs(beam.PTransform):  # type: ignore[misc]
    """A PTransform whose `expand` returns a NamedTuple of PCollections."""

    def default_type_hints(self) -> None:
        """None: Beam would warn that `expand` returns no PCollection."""
