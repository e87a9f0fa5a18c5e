"""Whether somebody answers where an engine should be."""

import json
import socket
import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

_SECONDS_TO_CONNECT = 10.0
# Of URLs that name none.
_PORTS = {"http": 80, "https": 443}


def unreachable(address: str) -> str | None:
    """Why nobody can be reached at an address; None: somebody listens.

    Args:
        address: HOST:PORT, or a URL.
    """
    try:
        url = urlsplit(address if "://" in address else f"//{address}")
        port = url.port or _PORTS.get(url.scheme)
        if not url.hostname or port is None:
            return "it isn't HOST:PORT"
        socket.create_connection((url.hostname, port), _SECONDS_TO_CONNECT).close()
    except ValueError:
        return "it isn't HOST:PORT"
    except OSError as error:
        return error.strerror or str(error)
    return None


def silent(endpoint: str) -> str | None:
    """Why no job server answers where somebody listens; None: one does. Beam would wait for five minutes.

    Args:
        endpoint: HOST:PORT.
    """
    import grpc

    with grpc.insecure_channel(endpoint) as channel:
        try:
            grpc.channel_ready_future(channel).result(_SECONDS_TO_CONNECT)
        except grpc.FutureTimeoutError:
            return "who listens there doesn't speak gRPC"
    return None


def flink_overview(address: str) -> dict[str, Any] | None:
    """What a Flink cluster says of itself (`flink-version`, `slots-total`, `taskmanagers` ...); None where it doesn't answer.

    Args:
        address: Of the JobManager's REST service, HOST:PORT or a URL.
    """
    url = address if "://" in address else f"http://{address}"
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/overview", timeout=_SECONDS_TO_CONNECT) as reply:  # noqa: S310  (an address that the user gave)
            found = json.load(reply)
    # An `HTTPException`: an answer that isn't HTTP, or a port that is no number.
    except (HTTPException, ValueError, OSError):
        return None
    return found if isinstance(found, dict) else None
