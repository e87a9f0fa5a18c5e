"""Executes a Dockerfile's steps, each in an image of what the steps before it have made."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from tests.image.dockerfile import Dockerfile, Step, command, expand, ignored, pairs
from tests.image.images import Image, Layer, Root, mounted


@dataclass(frozen=True)
class Builder:
    """Builds stages.

    Attributes:
        dockerfile: What is built.
        context: The folder that COPY copies from; its `.dockerignore` counts.
        registry: The images that exist already, by name.
        scratch: Where layers are kept.
    """

    dockerfile: Dockerfile
    context: Path
    registry: Mapping[str, Image]
    scratch: Path

    def build(self) -> dict[str, Image]:
        """All stages, by name."""
        done: dict[str, Image] = {}
        for stage in self.dockerfile.stages:
            image = done[stage.base] if stage.base in done else self.registry[stage.base]
            arguments: dict[str, str] = {}
            for step in stage.steps:
                if step.name == "ARG":
                    arguments |= pairs(step.text, self.dockerfile.arguments)
                else:
                    image = self._execute(step, image, arguments, done)
            done[stage.name] = image
        return done

    def _execute(self, step: Step, image: Image, arguments: Mapping[str, str], done: Mapping[str, Image]) -> Image:
        variables = {**arguments, **image.environ}
        match step.name:
            case "ENV":
                return replace(image, environ={**image.environ, **pairs(step.text, variables)})
            case "LABEL":
                return replace(image, labels={**image.labels, **pairs(step.text, variables)})
            case "USER":
                return replace(image, user=expand(step.text, variables))
            case "ENTRYPOINT":
                return replace(image, entrypoint=command(step.text))
        writes = Path(tempfile.mkdtemp(dir=self.scratch, prefix="layer-"))
        writes.chmod(0o755)
        with mounted(image, self.scratch, writes) as root:
            if step.name == "RUN":
                Root(replace(image, environ=variables), root.path).run("/bin/sh", "-c", step.text)
            elif step.name == "WORKDIR":
                image = replace(image, folder=str(PurePosixPath(image.folder, expand(step.text, variables))))
                _make(root, image.folder)
            else:
                self._copy(expand(step.text, variables).split(), root, done)
        return replace(image, layers=(*image.layers, Layer(writes, f"{step.name} {step.text}")))

    def _copy(self, words: list[str], root: Root, done: Mapping[str, Image]) -> None:
        *sources, target = words
        destination = root.inside(str(PurePosixPath(root.image.folder, target)))
        if sources[0].startswith("--from="):
            stage = done[sources.pop(0).removeprefix("--from=")]
            with mounted(stage, self.scratch) as other:
                for source in sources:
                    _copy_into(other.inside(source), destination, into=target.endswith("/"))
            return
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            kept = self._without_ignored(Path(folder))
            for source in sources:
                _copy_into(kept / source, destination, into=target.endswith("/"))

    def _without_ignored(self, folder: Path) -> Path:
        """The context as Docker sees it."""
        patterns = (self.context / ".dockerignore").read_text()
        tops = [path for path in self.context.iterdir() if not ignored(path.name, patterns)]
        for path in (path for top in tops for path in (top.rglob("*") if top.is_dir() else [top])):
            name = path.relative_to(self.context)
            if path.is_file() and not ignored(name.as_posix(), patterns):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, folder / name)
        return folder


def _copy_into(source: Path, destination: Path, *, into: bool) -> None:
    """A folder's contents, or a file: to the destination's name, or under its own into a destination that ends with a slash."""
    if source.is_dir():
        shutil.copytree(source, destination, symlinks=True, dirs_exist_ok=True)
        return
    target = destination / source.name if into or destination.is_dir() else destination
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def _make(root: Root, folder: str) -> None:
    root.inside(folder).mkdir(parents=True, exist_ok=True)
