"""A server that can't be reached is named at once."""

import socket
import threading
from collections.abc import Iterator

import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from shardmill.pipelines.job import input_files
from shardmill.schemas.errors import DataError
from shardmill.transforms.stores import contact
from shardmill.transforms.stores.contact import check_contact
from tests.support.needs import needs_google


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contact, "PAUSE_SECONDS", 0)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def listening() -> Iterator[int]:
    """A port where somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def test_whoever_listens_is_reached(listening: int) -> None:
    """A connection is enough: nothing is asked."""
    check_contact("s3://bucket/a", f"http://127.0.0.1:{listening}")


def test_a_closed_port_is_named(closed: int) -> None:
    """The path, the address and the reason, in one line; no password of the address."""
    with pytest.raises(DataError) as caught:
        check_contact("s3://bucket/a", f"http://me:SESAME@127.0.0.1:{closed}")
    assert str(caught.value) == (
        f"'s3://bucket/a': no connection to http://...@127.0.0.1:{closed}: Connection refused; check the network, the address, and a "
        "proxy where there is one"
    )


def test_a_name_that_nobody_knows_is_named() -> None:
    """As without a network: the name of the store isn't found."""
    with pytest.raises(
        DataError, match=r"'gs://b/a': no connection to https://nowhere\.invalid: \w.*; check the network"
    ):
        check_contact("gs://b/a", "https://nowhere.invalid")


def test_a_silent_network_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking up a name may take minutes, which nothing shortens."""
    answer = threading.Event()

    def wait(*_: object) -> None:
        answer.wait()
        raise OSError

    monkeypatch.setattr(contact, "SECONDS_TO_ANSWER", 0.01)
    monkeypatch.setattr(socket, "create_connection", wait)
    with pytest.raises(DataError, match="no connection to http://h: no answer"):
        check_contact("s3://b/a", "http://h")
    answer.set()


def test_it_takes_less_than_twenty_seconds() -> None:
    """All waits together."""
    connecting = contact.ATTEMPTS * contact.SECONDS_TO_CONNECT + (contact.ATTEMPTS - 1)
    assert connecting < contact.SECONDS_TO_ANSWER
    assert contact.SECONDS_TO_ANSWER < 20


def test_an_address_that_is_none_is_left_to_the_client() -> None:
    """It knows which setting it is from."""
    check_contact("s3://b/a", "http://me:SES?AME@h:1")


def test_the_way_leads_through_a_proxy(monkeypatch: pytest.MonkeyPatch, listening: int, closed: int) -> None:
    """Where the environment names one, it is what must be there; but for hosts that it isn't for."""
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{listening}")
    check_contact("gs://b/a", "https://nowhere.invalid")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(DataError, match="Connection refused"):
        check_contact("gs://b/a", f"https://127.0.0.1:{closed}")


@pytest.mark.parametrize("scheme", ["gs", "s3"])
def test_a_stores_server_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, closed: int, scheme: str) -> None:
    """Neither client is asked, which would try again for two minutes."""
    if scheme == "gs":
        needs_google()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{closed}")
    options = PipelineOptions([f"--s3_endpoint_url=http://127.0.0.1:{closed}", "--no_auth"])
    monkeypatch.setattr(FileSystems, "_pipeline_options", options)
    message = f"'{scheme}://bucket/a.csv': no connection to http://127.0.0.1:{closed}: Connection refused"
    with pytest.raises(DataError, match=message):
        input_files.list_files({None: (f"{scheme}://bucket/a.csv",)})
