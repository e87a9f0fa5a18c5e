"""Options of Beam and variables of the environment that say how stores are reached."""

import re
import sys
import traceback
from typing import Any

import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from shardmill.pipelines.engines.check_options import check_beam_args
from shardmill.pipelines.job import input_files
from shardmill.schemas.errors import ConfigError, DataError
from shardmill.transforms.stores import s3_store
from shardmill.transforms.stores.clients import store_of
from shardmill.transforms.stores.interface import without_users
from tests.support.locations import ROOT


def test_s3_is_asked_as_beams_options_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Endpoint, region, keys and how the connection is secured, as Beam's own client takes them; what fails is tried again."""
    options = [
        "--s3_region_name=eu-north-1",
        "--s3_access_key_id=ME",
        "--s3_secret_access_key=x",
        "--s3_session_token=T",
        "--s3_verify=/some/ca.pem",
    ]
    client = _s3_client(options, monkeypatch)
    assert client.meta.region_name == "eu-north-1"
    assert client.meta.endpoint_url.startswith("https://")
    assert client._endpoint.http_session._verify == "/some/ca.pem"
    assert client.meta.config.retries == {"mode": "standard", "total_max_attempts": 8}
    url = client.generate_presigned_url("get_object", {"Bucket": "bucket", "Key": "a"})
    assert "X-Amz-Credential=ME%2F" in url
    assert "X-Amz-Security-Token=T" in url
    insecure = _s3_client([*options, "--s3_disable_ssl"], monkeypatch)
    assert insecure.meta.endpoint_url.startswith("http://")
    assert _s3_client([*options, "--s3_endpoint_url=https://x:1"], monkeypatch).meta.endpoint_url == "https://x:1"


def _s3_client(options: list[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Amazon's client, as it is made for some options of Beam's."""
    monkeypatch.delenv("AWS_MAX_ATTEMPTS", raising=False)
    monkeypatch.setattr(FileSystems, "_pipeline_options", PipelineOptions(options))
    monkeypatch.setattr(s3_store, "check_contact", lambda path, url: None)
    store = store_of("s3://bucket/a")
    assert isinstance(store, s3_store.S3Store)
    return store._client


def test_a_client_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says which extra brings it."""
    monkeypatch.setitem(sys.modules, "boto3", None)
    monkeypatch.setattr(FileSystems, "_pipeline_options", PipelineOptions([]))
    with pytest.raises(ConfigError, match=r"isn't installed .*: .* -m pip install .*\[s3\]"):
        input_files.list_files({None: ("s3://bucket/a",)})


@pytest.mark.parametrize("url", ["127.0.0.1:9000", "http://", ""])
def test_an_endpoint_that_is_no_url_is_named(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Given by the option or by the environment: the message names both, and says what is expected."""
    message = (
        r"--s3_endpoint_url, or AWS_ENDPOINT_URL_S3 in the environment: expected a URL such as http://HOST:PORT, received "
        rf"'{re.escape(url)}'"
    )
    monkeypatch.setattr(FileSystems, "_pipeline_options", PipelineOptions([f"--s3_endpoint_url={url}"]))
    with pytest.raises(ConfigError, match=message):
        input_files.list_files({None: ("s3://bucket/a",)})
    if url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        monkeypatch.setattr(FileSystems, "_pipeline_options", PipelineOptions([]))
        with pytest.raises(ConfigError, match=message):
            input_files.list_files({None: ("s3://bucket/a",)})


@pytest.mark.parametrize("given", ["abc", "0", "-1", "1.5", ""])
def test_a_wrong_number_of_attempts_is_named(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    """The variable, what is expected and what it is."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", given)
    monkeypatch.setattr(FileSystems, "_pipeline_options", PipelineOptions([]))
    message = f"AWS_MAX_ATTEMPTS in the environment: expected a number from 1, received '{given}'"
    with pytest.raises(ConfigError, match=message):
        input_files.list_files({None: ("s3://bucket/a",)})


def test_an_endpoints_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the client says of an endpoint is shown without user and password, whether the URL is one or not."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "any")
    for url, kind, shown in (
        ("http://me:SES?@ME@127.0.0.1:1", DataError, "http://...@127.0.0.1:1"),
        ("s://me:SESAME@", ConfigError, "received 's://...@'"),
    ):
        monkeypatch.setattr(FileSystems, "_pipeline_options", PipelineOptions([f"--s3_endpoint_url={url}"]))
        with pytest.raises(kind, match=re.escape(shown)) as raised:
            input_files.list_files({None: ("s3://bucket/a",)})
        # With all causes, as a worker sends it to an engine that logs it.
        assert not re.search("SES|@ME@", "".join(traceback.format_exception(raised.value)))
        assert not re.search("me:|ME", str(raised.value))
    assert without_users("s3://bucket/a@b http://h/c@d") == "s3://bucket/a@b http://h/c@d"


def test_the_options_of_the_docs_are_known() -> None:
    """Each option that docs/object-stores.md names is one of Beam's or of the command line's."""
    page = ROOT / "docs" / "object-stores.md"
    if not page.exists():
        pytest.skip("the tests run apart from the repository")
    options = set(re.findall(r"(--[a-z0-9_]+)", page.read_text(encoding="utf-8")))
    own = {"--set", "--output", "--input", "--overwrite", "--code"}
    assert {"--s3_endpoint_url", "--hdfs_host", "--impersonate_service_account"} < options
    flags = {"--hdfs_full_urls"}
    check_beam_args([name if name in flags else f"{name}=1" for name in sorted(options - own)])
