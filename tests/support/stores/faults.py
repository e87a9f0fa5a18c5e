"""What a store's server was asked for, and what it is to do wrong."""

import re
import threading
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Asked:
    """A request as the server saw it.

    Attributes:
        method: GET, PUT and so on.
        target: The path and the query, unquoted.
        range: The header `Range`; None: the whole object.
    """

    method: str
    target: str
    range: str | None


@dataclass
class Fault:
    """Something that goes wrong for the next requests of a kind.

    Attributes:
        match: A regular expression for `METHOD TARGET`.
        times: So many requests are hit.
        status: The answer's status; 0: the request is served.
        cut: The answer's body ends after so many bytes, with the connection; None: it doesn't.
        seconds: The answer comes so much later.
    """

    match: str
    times: int
    status: int = 0
    cut: int | None = None
    seconds: float = 0


@dataclass
class Faults:
    """A server's log and its faults; for all of its threads."""

    asked: list[Asked] = field(default_factory=list)
    hit: list[Asked] = field(default_factory=list)
    _planned: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def plan(self, match: str, times: int, *, status: int = 0, cut: int | None = None, seconds: float = 0) -> None:
        """Lets the next requests of a kind go wrong."""
        with self._lock:
            self._planned.append(Fault(match, times, status, cut, seconds))

    def of(self, asked: Asked) -> Fault:
        """Notes a request and says what goes wrong with it."""
        with self._lock:
            self.asked.append(asked)
            for fault in self._planned:
                if fault.times and re.search(fault.match, f"{asked.method} {asked.target}"):
                    fault.times -= 1
                    self.hit.append(asked)
                    return fault
        return Fault("", 0)

    def clear(self) -> None:
        """Forgets the log, and what was planned."""
        with self._lock:
            self.asked.clear()
            self.hit.clear()
            self._planned.clear()
