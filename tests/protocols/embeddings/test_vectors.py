from __future__ import annotations

import base64
import json
import math
import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.protocols.embeddings.vectors import as_base64, as_numbers, from_base64, from_int8, from_numbers

SINGLES = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=20)


@given(SINGLES)
def test_numbers_survive_both_spellings(numbers: list[float]) -> None:
    text = as_base64(from_numbers(msgspec.Raw(json.dumps(numbers).encode())))
    assert base64.b64decode(text) == struct.pack(f"<{len(numbers)}f", *numbers)
    assert json.loads(bytes(as_numbers(from_base64(text)))) == numbers
    assert as_base64(from_base64(text)) == text


def test_digits_stay_as_they_came() -> None:
    raw = msgspec.Raw(b"[ 0.10, -1e-05,3 ]")
    assert as_numbers(from_numbers(raw)) is raw


def test_known_bytes() -> None:
    assert as_base64(from_numbers(msgspec.Raw(b"[1.0, -2]"))) == base64.b64encode(b"\0\0\x80\x3f\0\0\0\xc0").decode()
    assert math.isclose(json.loads(bytes(as_numbers(from_base64("zczMPQ=="))))[0], 0.1, rel_tol=1e-7)


def test_signed_bytes() -> None:
    assert json.loads(bytes(as_numbers(from_int8(base64.b64encode(b"\x00\x7f\x80\xff").decode())))) == [
        0,
        127,
        -128,
        -1,
    ]


@pytest.mark.parametrize("text", ["AAA", "not base64!", "AAAAAAA=", "ü"])
def test_what_is_no_base64_of_floats_is_the_providers_fault(text: str) -> None:
    with pytest.raises(ProviderError) as failed:
        from_base64(text)
    assert failed.value.kind is ErrorKind.UPSTREAM_MALFORMED


@pytest.mark.parametrize("raw", [b'{"a":1}', b"7", b"null"])
def test_what_is_no_array_is_the_providers_fault(raw: bytes) -> None:
    with pytest.raises(ProviderError):
        from_numbers(msgspec.Raw(raw))


@pytest.mark.parametrize("raw", [b'["x"]', b"[1e39]", b"[null]"])
def test_what_fits_no_float_is_the_providers_fault(raw: bytes) -> None:
    with pytest.raises(ProviderError):
        as_base64(from_numbers(msgspec.Raw(raw)))
