from __future__ import annotations

import pytest

from plexus.canonical.content import Text
from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.protocols.ollama import CODEC


@pytest.mark.parametrize(("body", "kind", "words"), [
    (b'{"error":"broken"}', ErrorKind.UPSTREAM_ERROR, "broken"),
    (b'{"message":{"content":"hi"},"done":false}', ErrorKind.UPSTREAM_MALFORMED, "not done"),
    (b"{}", ErrorKind.UPSTREAM_MALFORMED, "not done"),
    (b"{", ErrorKind.UPSTREAM_MALFORMED, "cannot be read"),
    (b'{"message":7,"done":true}', ErrorKind.UPSTREAM_MALFORMED, "cannot be read"),
])  # fmt: skip
def test_what_is_no_reply(body: bytes, kind: ErrorKind, words: str) -> None:
    with pytest.raises(ProviderError, match=words) as caught:
        CODEC.decode_response(body, CODEC.default_dialect)
    assert caught.value.kind is kind


def test_a_null_error_is_none() -> None:
    response = CODEC.decode_response(
        b'{"model":"m","message":{"content":"hi"},"done":true,"error":null}', CODEC.default_dialect
    )
    (block,) = response.candidates[0].blocks
    assert isinstance(block, Text)
    assert (block.text, response.model, response.origin) == ("hi", "m", "ollama")
    assert response.id
    assert response.usage is None
