"""Beam's bundles, made cheap in this process."""

import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.coders import VarIntCoder
from apache_beam.runners import common
from apache_beam.runners.worker import bundle_processor, statesampler
from apache_beam.transforms import core, userstate
from apache_beam.utils.counters import CounterFactory

from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.engines.run_pipeline import run_pipeline
from shardmill.transforms.workers.quick_bundles import quick_bundles

_COUNT = userstate.ReadModifyWriteStateSpec("count", VarIntCoder())
_COUNT_OF_KEY = beam.DoFn.StateParam(_COUNT)


class _Stateful(beam.DoFn):  # type: ignore[misc]
    def process(self, element: tuple[str, int], count: Any = _COUNT_OF_KEY) -> Iterator[int]:
        seen = count.read() or 0
        count.write(seen + 1)
        yield seen


class _Owner:
    def counted(self, element: tuple[str, int], count: Any = _COUNT_OF_KEY) -> list[int]:
        return [count.read() or element[1]]

    def plain(self, element: int) -> list[int]:
        return [element]


@pytest.mark.parametrize(
    "dofn",
    [_Stateful(), *map(core.CallableWrapperDoFn, (len, _Owner().counted, _Owner().plain))],
    ids=["class", "function", "method with a state", "method without"],
)
def test_states_are_those_that_beam_finds(dofn: beam.DoFn) -> None:
    """The states and timers of a DoFn are found as Beam finds them, however often they are asked for."""
    found = userstate.get_dofn_specs(dofn)
    with quick_bundles():
        first = userstate.get_dofn_specs(dofn)
        assert first == found
        first[0].add(None)
        assert userstate.get_dofn_specs(dofn) == found


def test_a_class_is_inspected_once() -> None:
    """DoFns of one class are inspected once in a block, and by Beam itself after it."""
    inspected = []
    with pytest.MonkeyPatch.context() as patch:
        before: Callable[[beam.DoFn], object] = userstate.get_dofn_specs
        patch.setattr(userstate, "get_dofn_specs", lambda dofn: inspected.append(type(dofn)) or before(dofn))
        with quick_bundles():
            for function in (len, str, int):
                userstate.get_dofn_specs(core.CallableWrapperDoFn(function))
        assert inspected == [core.CallableWrapperDoFn]
    assert userstate.get_dofn_specs is before


def test_a_bundle_does_not_wait_for_its_sampler() -> None:
    """A worker's steps are looked at every hundredth of a second: its end waits no longer for that."""
    with quick_bundles():
        assert statesampler.StateSampler("", CounterFactory()).sampling_period_ms == 10
    assert statesampler.StateSampler("", CounterFactory()).sampling_period_ms == statesampler.DEFAULT_SAMPLING_PERIOD_MS


def test_a_worker_soon_gets_the_interpreter() -> None:
    """A worker that comes back from C waits 1 ms for another one's Python, and others as long as before."""
    before = sys.getswitchinterval()
    with quick_bundles():
        assert sys.getswitchinterval() == pytest.approx(0.001)
    assert sys.getswitchinterval() == pytest.approx(before)


def test_beam_looks_both_up_where_they_are_replaced() -> None:
    """Beam's workers take the sampler and the states from the modules in which they are replaced."""
    assert (bundle_processor.statesampler, common.userstate, core.userstate) == (statesampler, userstate, userstate)


def test_a_stateful_stage_runs(tmp_path: Path) -> None:
    """A pipeline with states runs on the local engine as on any other."""

    def build(pipeline: beam.Pipeline) -> None:
        counted = pipeline | beam.Create([("a", 5), ("a", 5), ("b", 5)]) | beam.ParDo(_Stateful())
        _ = (
            counted
            | beam.combiners.ToList()
            | beam.Map(lambda found: (tmp_path / "found").write_bytes(pickle.dumps(sorted(found))))
        )

    run_pipeline(build, Engine(workers=2))
    assert pickle.loads((tmp_path / "found").read_bytes()) == [0, 0, 1]
