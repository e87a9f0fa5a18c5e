"""Whether a server can be reached at all, before its client is used: clients go on trying for minutes."""

import socket
import threading
import time
import urllib.request
from urllib.parse import urlsplit

from shardmill.schemas.errors import DataError
from shardmill.transforms.stores.interface import without_users

# Together well under 20 seconds: the imports take some, too.
ATTEMPTS = 2
SECONDS_TO_CONNECT = 4.0
PAUSE_SECONDS = 1.0
# Looking a name up can't be told to stop.
SECONDS_TO_ANSWER = 10.0
_PORTS = {"http": 80, "https": 443}


def check_contact(path: str, url: str) -> None:
    """Connects to a server, or to the proxy on the way to it, and says at once where that fails.

    Args:
        path: What is wanted of it, for the message.
        url: The server's.

    Raises:
        DataError: Nobody can be reached there.
    """
    try:
        address = _address(url)
    except ValueError:
        # The client says what is wrong with it.
        return
    problems: list[str | None] = []

    def connect() -> None:
        problems.append(_problem(*address))

    thread = threading.Thread(target=connect, name="contact", daemon=True)
    thread.start()
    thread.join(SECONDS_TO_ANSWER)
    problem = problems[0] if problems else "no answer"
    if problem is not None:
        raise DataError(
            f"{path!r}: no connection to {without_users(url)}: {problem}; check the network, the address, and a proxy where there is one"
        )


def _address(url: str) -> tuple[str, int]:
    """Host and port to connect to: the server's, or the proxy's that the environment names for it."""
    server = urlsplit(url)
    host = server.hostname or ""
    proxy = urllib.request.getproxies().get(server.scheme)
    if proxy and not urllib.request.proxy_bypass(host):
        server = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return server.hostname or "", server.port or _PORTS.get(server.scheme, _PORTS["https"])


def _problem(host: str, port: int) -> str | None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            socket.create_connection((host, port), SECONDS_TO_CONNECT).close()
        except OSError as error:
            problem = error.strerror or str(error)
        else:
            return None
        if attempt < ATTEMPTS:
            time.sleep(PAUSE_SECONDS)
    return problem
