"""A check that a server can be reached.

It comes before the server's client is used, because clients retry for minutes.
"""

import socket
import threading
import time
import urllib.request
from urllib.parse import urlsplit

from shardmill.schemas.errors import DataError
from shardmill.transforms.stores.interface import without_users

# Attempts to connect, seconds for each, and seconds between them. Together they are well under 20
# seconds, since the imports take a while, too.
ATTEMPTS = 2
SECONDS_TO_CONNECT = 4.0
PAUSE_SECONDS = 1.0
# Seconds for all attempts, with the look-up of the name, which has no time limit of its own.
SECONDS_TO_ANSWER = 10.0
# The default ports of URLs, by scheme.
PORTS = {"http": 80, "https": 443}


def check_contact(path: str, url: str) -> None:
    """Checks that a server, or the proxy before it, answers.

    Args:
        path: The path that is wanted from the server, for the message.
        url: The server's URL. An invalid one isn't checked here.

    Raises:
        DataError: No connection can be made.
    """
    try:
        address = _address(url)
    except ValueError:
        # The client will say what is wrong with the URL.
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
    """The host and port to connect to.

    They are the server's, or those of the proxy that the environment names for it.
    """
    server = urlsplit(url)
    host = server.hostname or ""
    proxy = urllib.request.getproxies().get(server.scheme)
    if proxy and not urllib.request.proxy_bypass(host):
        server = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return server.hostname or "", server.port or PORTS.get(server.scheme, PORTS["https"])


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
