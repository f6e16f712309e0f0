from __future__ import annotations

import msgspec
import pytest

from plexus.protocols.openai_chat.wire import FunctionDelta, ToolCallDelta


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (b'{"arguments":"{\\"a\\": 1}"}', '{"a": 1}'),
        (b'{"arguments":{"a":1}}', '{"a":1}'),
        (b'{"arguments":{}}', "{}"),
        (b'{"arguments":null}', ""),
        (b'{"name":"f"}', ""),
        (b'{"input":"free text"}', "free text"),
        (b'{"arguments":"","input":"x"}', "x"),
    ],
)
def test_arguments_are_text_however_they_come(document: bytes, text: str) -> None:
    assert msgspec.json.decode(document, type=FunctionDelta).text() == text


@pytest.mark.parametrize(
    ("document", "signature"),
    [
        (b'{"extra_content":{"google":{"thought_signature":"S"}}}', "S"),
        (b'{"extra_content":{"google":{}}}', None),
        (b'{"extra_content":{"google":null}}', None),
        (b'{"extra_content":{"other":{"thought_signature":"S"}}}', None),
        (b'{"extra_content":null}', None),
        (b"{}", None),
    ],
)
def test_a_signature_of_gemini_is_found_in_its_place(document: bytes, signature: str | None) -> None:
    assert msgspec.json.decode(document, type=ToolCallDelta).signature() == signature
