"""The wheel's build hook: compiles the kernel into the package."""

import runpy
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class KernelHook(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles the kernel for a wheel, or in place for an editable install."""

    def dependencies(self) -> list[str]:
        """Asks for a compiler where the machine has none."""
        return ["ziglang>=0.15,<0.18"] if self._compile["uses_zig"]() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles, and says which machines the wheel is for."""
        if version == "editable":
            out = self._compile["IN_PLACE"]
        else:
            # Not in place: it may be for another machine than that on which a clone is used. Removed with the hook.
            self._made = tempfile.TemporaryDirectory(prefix="shardmill-kernel-")
            out = Path(self._made.name) / "kernel.so"
            build_data["force_include"][str(out)] = "shardmill/kernel.so"
        self._compile["compile_kernel"](out)
        portable = "manylinux_2_17" if self._compile["uses_zig"]() else "linux"
        build_data["tag"] = f"py3-none-{portable}_{self._compile['machine']()}"

    @property
    def _compile(self) -> dict[str, Any]:
        return runpy.run_path(str(Path(self.root) / "native" / "compile.py"))
