"""Makes Beam's bundles cheap on the local engine.

Its workers are threads of this process. A pipeline of ours is some twenty stages, most of which
handle a few small elements: Beam's own work for them is what a small run takes, and what a large
one waits for between its passes. Two parts of it are needless here, and Beam 2.77 has no option
for them. And where a worker comes back from C, Python lets it wait for 5 ms while another one runs.
"""

import contextlib
import sys
import types
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from apache_beam.runners.worker import statesampler
from apache_beam.transforms import userstate

# Milliseconds between two looks at the step that a worker is in.
_SAMPLING_MS = 10
# Seconds after which a thread must give the GIL to one that waits for it. With two workers 1 ms
# takes 0.6 % off a run's wall time for its CPU time; less than that brings no more.
_SWITCH_INTERVAL = 0.001

_Specs = tuple[set[userstate.StateSpec], set[userstate.TimerSpec]]


class _QuickSampler(statesampler.StateSampler):  # type: ignore[misc]
    """Samples a worker's step more often than Beam's does.

    At a bundle's end Beam waits for the sampling thread, which sleeps for up to 200 ms, a tenth of
    a second on average after each long pass.
    """

    def __init__(self, prefix: str, counter_factory: Any) -> None:
        super().__init__(prefix, counter_factory, _SAMPLING_MS)


class _SpecsByClass:
    """Remembers the states and timers of each class of DoFns.

    Beam asks for them a dozen times for each stage, and inspects the signatures of all methods each
    time.
    """

    def __init__(self) -> None:
        self._inspect = userstate.get_dofn_specs
        self._found: dict[type, _Specs] = {}

    def __call__(self, dofn: beam.DoFn) -> _Specs:
        """Does what Beam's `get_dofn_specs` does."""
        # Methods that aren't the class's are those of a function's owner; only they may differ from
        # one DoFn to the next.
        if any(isinstance(value, types.MethodType) for value in vars(dofn).values()):
            found: _Specs = self._inspect(dofn)
            return found
        kind = type(dofn)
        if kind not in self._found:
            self._found[kind] = self._inspect(dofn)
        states, timers = self._found[kind]
        return set(states), set(timers)


@contextlib.contextmanager
def quick_bundles() -> Iterator[None]:
    """Makes the bundles of pipelines inside the block cheap."""
    sampler, specs = statesampler.StateSampler, userstate.get_dofn_specs
    interval = sys.getswitchinterval()
    statesampler.StateSampler, userstate.get_dofn_specs = _QuickSampler, _SpecsByClass()
    sys.setswitchinterval(min(interval, _SWITCH_INTERVAL))
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        statesampler.StateSampler, userstate.get_dofn_specs = sampler, specs
