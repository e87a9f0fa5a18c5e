"""The image, built and run: `python -m tests.image`; with Debian's packages and PyPI's it takes minutes, so it isn't among the tests.

A job is submitted in the image and its workers are started there by Beam's own boot program, which is the image's entry point.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shardmill.pipelines.demo.demo import prepare
from tests.clusters.compare import differences
from tests.clusters.machines import golang
from tests.image.bases import stand_ins
from tests.image.build import Builder
from tests.image.dockerfile import parse
from tests.image.images import Image, Root, mounted
from tests.pipelines.cli.test_commands import call
from tests.support.needs import leave, needs
from tests.support.runs import files_of

ROOT = Path(__file__).resolve().parents[2]
MIB = 1 << 20
# What a worker loads before it has work, and the modules of the functions that come with the work.
WORKER = "apache_beam.runners.worker.sdk_worker_main, shardmill.pipelines.job.stages, shardmill.transforms.profile"


@pytest.fixture(scope="session")
def scratch() -> Path:
    """A folder for layers and mounts, removed by what has started the checks."""
    needs("mmdebstrap", "unshare")
    if os.geteuid():
        leave("only root may mount and chroot")
    folder = os.environ.get("SHARDMILL_IMAGE_SCRATCH")
    if folder is None:
        pytest.fail("mounts must not outlive the checks: run them with `python -m tests.image`")
    return Path(folder)


@pytest.fixture(scope="session")
def images(scratch: Path) -> dict[str, Image]:
    """Every stage of the Dockerfile, each of its steps executed."""
    dockerfile = parse((ROOT / "Dockerfile").read_text())
    return Builder(dockerfile, ROOT, stand_ins(dockerfile, scratch), scratch).build()


@pytest.fixture(scope="session")
def work(scratch: Path) -> Path:
    """A folder that the image sees under the same path: the flights, their configuration, and Prism."""
    folder = scratch / "work"
    prepare(folder)
    shutil.copy(golang.prism(), folder)
    # Prism 2.77 puts the worker's id in quotes, as if a shell were to remove them.
    (folder / "boot").write_text(
        '#!/bin/sh\nid=$(echo "$1" | tr -d "\'")\nshift\nexec /opt/apache/beam/boot "$id" "$@"\n'
    )
    subprocess.run(["chmod", "--recursive", "a+rwX,+x", folder], check=True)
    return folder


@pytest.fixture(scope="session")
def worker(images: dict[str, Image], scratch: Path, work: Path) -> Iterator[Root]:
    """The image of a job and its workers, as a container would run it."""
    with mounted(images["worker"], scratch, shared=[work]) as root:
        yield root


def test_images_say_what_they_are(images: dict[str, Image]) -> None:
    """Both begin with Beam's boot program and carry labels; that of other engines isn't root's, Dataflow's is."""
    for image in (images["worker"], images["dataflow"]):
        assert image.entrypoint == ("/opt/apache/beam/boot",)
        assert image.labels["org.opencontainers.image.title"] == "shardmill"
    assert (images["worker"].user, images["dataflow"].user) == ("10001", "0")


def test_all_that_a_run_needs_is_there(worker: Root) -> None:
    """The commands answer, as the image's user: the version, and `doctor`, who finds everything; what extras bring is there, too."""
    assert (
        worker.run("shardmill", "--version").stdout.split()[-1]
        == worker.image.labels["org.opencontainers.image.version"]
    )
    assert "All that a run needs is here." in worker.run("shardmill", "doctor").stdout
    assert worker.run("id", "--user").stdout.strip() == "10001"
    worker.run("python", "-c", "import boto3, google.cloud.storage, hdfs, tensorflow_transform.beam")


def test_a_worker_starts_without_tensorflow(worker: Root) -> None:
    """What a worker loads doesn't load TensorFlow's Python half, which is there for the process that traces the graph."""
    loaded = worker.run("python", "-c", f"import sys, {WORKER}; print('tensorflow' in sys.modules)")
    assert loaded.stdout.split()[-1] == "False"
    assert worker.run("python", "-c", "import tensorflow; print(tensorflow.__version__)").stdout.startswith("2.")


def test_bytecode_is_in_the_image(worker: Root) -> None:
    """Packages are compiled, since no worker may write there: else each would compile TensorFlow anew."""
    code = (
        "import tensorflow, shardmill.transforms.runtime.session as ours; print(tensorflow.__cached__, ours.__cached__)"
    )
    for path in worker.run("python", "-c", code).stdout.split()[-2:]:
        assert worker.inside(path).exists()
        assert worker.run("test", "-w", path, check=False).returncode == 1


def test_what_is_installed_is_the_wheel(worker: Root) -> None:
    """Every file of the wheel that the build has made is what Python finds, byte for byte."""
    code = (
        "import glob, importlib.metadata, zipfile; (path,) = glob.glob('/opt/shardmill/*.whl'); wheel = zipfile.ZipFile(path); "
        "files = [name for name in wheel.namelist() if not name.endswith('/RECORD')]; "
        "home = importlib.metadata.distribution('shardmill').locate_file(''); "
        "print(len(files), all((home / name).read_bytes() == wheel.read(name) for name in files))"
    )
    count, same = worker.run("python", "-c", code).stdout.split()
    assert (int(count) > 100, same) == (True, "True")


def test_versions_are_all_pinned(worker: Root) -> None:
    """constraints.txt has the version of each package in the image, and none besides."""
    frozen = worker.run("python", "-m", "pip", "freeze").stdout
    installed = {line for line in frozen.splitlines() if not line.startswith("shardmill")}
    pinned = {line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")}
    assert installed == pinned, f"constraints.txt should be:\n{frozen}"


def test_the_image_is_small(images: dict[str, Image], worker: Root, capsys: pytest.CaptureFixture[str]) -> None:
    """Its own layers have 2.5 GiB, of which TensorFlow is more than half; headers, caches and compilers aren't among them."""
    sizes = {layer.step: _bytes_of(layer.folder) for layer in images["runtime"].layers[2:]}
    with capsys.disabled():
        sys.stdout.writelines(f"\n{size / MIB:8.1f} MiB  {step[:100]}" for step, size in sizes.items())
    assert sum(sizes.values()) < 2.5 * 1024 * MIB
    for absent in (
        "/usr/local/lib/python3.11/site-packages/tensorflow/include",
        "/root/.cache",
        "/usr/bin/gcc",
        "/src",
    ):
        assert not worker.inside(absent).exists()


def test_a_job_in_the_image_leaves_the_same_bytes(worker: Root, work: Path) -> None:
    """With workers that boot starts, in processes that Prism hands work to, each file is that of a local run."""
    environment = {"command": str(work / "boot")}
    _job(worker, work, "on-prism", "--runner=PrismRunner", f"--prism_location={work}/prism", *_process(environment))
    _job(worker, work, "local")
    assert set(differences(work / "local", work / "on-prism")) <= {"manifest.json"}
    assert files_of(work / "local") == files_of(work / "on-prism")
    assert json.loads((work / "on-prism" / "manifest.json").read_text())["rows"]["read"] == 336_776


def test_an_image_without_shardmill_is_named_so(images: dict[str, Image], scratch: Path, work: Path) -> None:
    """Where the worker's image has Beam and all packages but not shardmill, the run ends with one message and nothing is published."""
    runtime = images["runtime"]
    (last,) = (place for place, layer in enumerate(runtime.layers) if "--no-deps" in layer.step)
    with mounted(replace(runtime, layers=runtime.layers[:last]), scratch) as root:
        command = work / "boot-without"
        boot = " ".join(f"'{word}'" for word in root.command("/opt/apache/beam/boot"))
        command.write_text(f'#!/bin/sh\nid=$(echo "$1" | tr -d "\'")\nshift\nexec {boot} "$id" "$@"\n')
        command.chmod(0o755)
        prism = ["--runner=PrismRunner", f"--prism_location={golang.prism()}"]
        done = call(
            "run",
            str(work / "flights.toml"),
            f"--output={work / 'without'}",
            *prism,
            *_process({"command": str(command)}),
        )
    assert done.returncode == 1
    assert "don't have shardmill" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (work / "without").exists()


def test_dataflow_finds_the_launcher_and_what_it_launches(images: dict[str, Image], scratch: Path) -> None:
    """The launcher is where the service looks for it, and runs the file that it is told: that asks for the template's parameters."""
    with mounted(images["dataflow"], scratch) as root:
        done = root.run("/opt/google/dataflow/python_template_launcher", "--runner=DataflowRunner", check=False)
    assert (done.returncode, done.stderr.partition(":")[0]) == (1, "error")
    assert "the template's parameter `config` is missing" in done.stderr


def _process(environment: dict[str, str]) -> list[str]:
    return ["--environment_type=PROCESS", f"--environment_config={json.dumps(environment)}"]


def _job(worker: Root, work: Path, name: str, *options: str) -> None:
    worker.run("shardmill", "run", str(work / "flights.toml"), f"--output={work / name}", *options)


def _bytes_of(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() or path.is_symlink())
