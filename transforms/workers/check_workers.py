"""Check: whether a worker is as the job needs it.

It comes before any data is read.
"""

from collections.abc import Sequence
from dataclasses import asdict

import apache_beam as beam
from apache_beam import pvalue

from shardmill.transforms.workers.any_python import emit, evaluate
from shardmill.transforms.workers.submission import Submission

# The fields of a submission are its variables.
_CHECK = (
    f"__import__('importlib').import_module({Submission.__module__!r})"
    f".{Submission.__name__}(folder, versions).check_this_machine() or [None]"
)


class CheckWorkers(beam.PTransform):  # type: ignore[misc]
    """Checks a worker before the first stage that reads.

    Outputs one None.

    A worker loads the stages of the check even if it lacks what the job needs.
    """

    def __init__(self, folder: str, packages: Sequence[str] = ()) -> None:
        """Stores what workers must have.

        Args:
            folder: A folder to write into.
            packages: Packages that this job needs besides those that every job needs.
        """
        super().__init__()
        self._submission = Submission.of_this_machine(folder, packages)

    def expand(self, pbegin: pvalue.PBegin) -> beam.PCollection[None]:
        checked = (
            pbegin
            | "StartCheck" >> beam.Impulse()
            | "Submission" >> beam.FlatMap(emit(asdict(self._submission)))
            | "CheckWorker" >> beam.FlatMap(evaluate(_CHECK))
        )
        # A side input, not `Reshuffle`: Flink's optimizer would take all that follows for spread
        # over the workers already.
        return pbegin | "StartJob" >> beam.Impulse() | "AwaitCheck" >> beam.Map(_pass_on, pvalue.AsList(checked))


def _pass_on(_: bytes, checked: list[None]) -> None:
    """Begins the job, once a worker has been checked."""
