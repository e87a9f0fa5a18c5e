"""Whether somebody answers where an engine should be."""

import json
import socket
import urllib.error
import urllib.request
from typing import Any

_SECONDS_TO_CONNECT = 10.0


def unreachable(address: str) -> str | None:
    """Why nobody can be reached at an address; None: somebody listens.

    Args:
        address: HOST:PORT, or a URL.
    """
    host, _, port = address.rpartition("://")[2].rstrip("/").rpartition(":")
    if not host or not port.isdigit():
        return "it isn't HOST:PORT"
    try:
        socket.create_connection((host.strip("[]"), int(port)), _SECONDS_TO_CONNECT).close()
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
            found: dict[str, Any] = json.load(reply)
    except (urllib.error.URLError, ValueError, OSError):
        return None
    return found
