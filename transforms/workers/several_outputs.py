"""The base of PTransforms with several outputs."""

import apache_beam as beam


class SeveralOutputs(beam.PTransform):  # type: ignore[misc]
    """A PTransform whose `expand` returns a NamedTuple of PCollections."""

    def default_type_hints(self) -> None:
        """Returns no type hints.

        From hints Beam would conclude that `expand` returns no PCollection, and warn.
        """
