"""The runs that this process has published.

The message of a later interruption names them.
"""

import contextlib
from collections.abc import Iterator

folders: list[str] = []


@contextlib.contextmanager
def tidying() -> Iterator[None]:
    """Ignores errors and interruptions in cleaning up.

    The run is published already, even if its leftovers can't be removed.
    """
    with contextlib.suppress(OSError, KeyboardInterrupt):
        yield
