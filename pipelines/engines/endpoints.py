"""Checks that an engine answers at its address."""

import json
import socket
import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from shardmill.transforms.stores.contact import PORTS

_SECONDS_TO_CONNECT = 10.0


def unreachable(address: str) -> str | None:
    """Says why no connection to an address can be made.

    Returns None where a program listens there.

    Args:
        address: HOST:PORT, or a URL.
    """
    try:
        url = urlsplit(address if "://" in address else f"//{address}")
        port = url.port or PORTS.get(url.scheme)
        if not url.hostname or port is None:
            return "it isn't HOST:PORT"
        socket.create_connection((url.hostname, port), _SECONDS_TO_CONNECT).close()
    except ValueError:
        return "it isn't HOST:PORT"
    except OSError as error:
        return error.strerror or str(error)
    return None


def silent(endpoint: str) -> str | None:
    """Says why no job server answers at an open port.

    Returns None where one answers. Beam would wait for five minutes.

    Args:
        endpoint: HOST:PORT.
    """
    import grpc

    with grpc.insecure_channel(endpoint) as channel:
        try:
            grpc.channel_ready_future(channel).result(_SECONDS_TO_CONNECT)
        except grpc.FutureTimeoutError:
            return "the program that listens there doesn't speak gRPC"
    return None


def flink_overview(address: str) -> dict[str, Any] | None:
    """Reads a Flink cluster's overview from its REST service.

    Args:
        address: The address of the JobManager's REST service, HOST:PORT or a URL.

    Returns:
        `flink-version`, `slots-total`, `taskmanagers` and more; None where the cluster doesn't
        answer.
    """
    url = address if "://" in address else f"http://{address}"
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/overview", timeout=_SECONDS_TO_CONNECT) as reply:  # noqa: S310  (an address that the user gave)
            found = json.load(reply)
    # `HTTPException` is raised for an answer that isn't HTTP, and for a port that isn't a number.
    except (HTTPException, ValueError, OSError):
        return None
    return found if isinstance(found, dict) else None
