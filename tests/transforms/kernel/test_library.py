"""The compiled kernel and how it is loaded."""

import re
from pathlib import Path

import google_crc32c
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shardmill
from shardmill.schemas.errors import KernelError
from shardmill.transforms.kernel import library
from shardmill.transforms.kernel.library import _FUNCTIONS, SLACK, kernel
from tests.support.locations import ROOT


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_checksums_are_crc32c(before: bytes, data: bytes) -> None:
    """By the processor's instruction and by tables alike, of bytes and of those that follow."""
    first, expected = int(google_crc32c.value(before)), int(google_crc32c.value(before + data))
    assert {kernel().kernel_crc32c(0, before, len(before), tables) for tables in (0, 1)} == {first}
    assert {kernel().kernel_crc32c(first, data, len(data), tables) for tables in (0, 1)} == {expected}


@pytest.mark.parametrize(("data", "crc"), [(bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43)])
def test_known_checksums(data: bytes, crc: int) -> None:
    """The test vectors of RFC 3720."""
    assert kernel().kernel_crc32c(0, data, len(data), 0) == crc


def test_the_slack_is_what_the_sources_say() -> None:
    """Python gives as many readable bytes after a text as C relies on."""
    assert f"#define SLACK {SLACK}\n" in (ROOT / "native" / "kernel.h").read_text(encoding="utf-8")


def test_a_kernel_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says how to get one."""
    monkeypatch.setattr(shardmill, "__file__", "/nowhere/shardmill/__init__.py")
    with pytest.raises(
        KernelError,
        match=r"kernel\.so': expected the compiled kernel, received .*; install shardmill again, or run `make native`",
    ):
        kernel.__wrapped__()


def test_a_damaged_kernel_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cut copy, which would end the process, as well as a foreign file, another machine's library, and none of its bytes."""
    whole = (ROOT / "src" / "shardmill" / "kernel.so").read_bytes()
    monkeypatch.setattr(shardmill, "__file__", str(tmp_path / "__init__.py"))
    machine = 18
    for data, received in (
        (whole[: len(whole) // 2], f"the first {len(whole) // 2:,} of its {len(whole):,} bytes"),
        (whole[:-1], f"the first {len(whole) - 1:,} of its {len(whole):,} bytes"),
        (b"version https://git-lfs.github.com/spec/v1\n" * 2, "a file of 86 bytes that is no library"),
        (b"", "a file of 0 bytes that is no library"),
        (whole[:machine] + b"\xf3\0" + whole[machine + 2 :], ".*"),
    ):
        (tmp_path / "kernel.so").write_bytes(data)
        with pytest.raises(
            KernelError, match=rf"kernel\.so': expected the compiled kernel, received {received}; install "
        ):
            kernel.__wrapped__()


def test_a_kernel_without_a_function_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """One compiled before a function was added, as after a pull, isn't called as though it were whole."""
    monkeypatch.setitem(_FUNCTIONS, "kernel_new", (None, ()))
    with pytest.raises(KernelError, match=r"received .*undefined symbol: kernel_new; .* run `make native` in a clone"):
        kernel.__wrapped__()


def test_a_kernel_of_other_sources_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a clone whose sources were changed since, as by a pull, the error says how to compile it anew."""
    assert re.fullmatch("[0-9a-f]{16}", kernel().kernel_sources().decode())
    monkeypatch.setattr(library, "source_digest", lambda _: "0123456789abcdef")
    with pytest.raises(
        KernelError,
        match=r"kernel\.so': expected the kernel of the sources 0123456789abcdef in '.*native', received that of [0-9a-f]{16}; "
        "run `make native`$",
    ):
        kernel.__wrapped__()
