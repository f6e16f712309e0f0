"""The body stays, but for a model that it names again."""

from __future__ import annotations

import pytest

from plexus.protocols import envelope
from plexus.protocols.gemini.dialect import GeminiDialect
from plexus.protocols.gemini.edits import edits, withholds


@pytest.mark.parametrize(
    ("body", "edited"),
    [
        (b'{"contents": []}', {}),
        (b'{"model": "models/up"}', {}),
        (b'{"model": "models/asked"}', {"model": b'"models/up"'}),
        (b'{"model": null}', {"model": b'"models/up"'}),
    ],
)
def test_only_a_model_in_the_body_is_replaced(body: bytes, edited: dict[str, bytes]) -> None:
    assert edits(envelope.read(body), "up", GeminiDialect()) == edited


def test_nothing_is_withheld() -> None:
    assert not withholds(b'data: {"usageMetadata": {}}\n\n')
