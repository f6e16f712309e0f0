from __future__ import annotations

import pytest
from tests.protocols.anthropic_messages.making import DIALECT

from plexus.protocols import envelope
from plexus.protocols.anthropic_messages.edits import edits, withholds


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        (b'{"model": "m", "stream": true}', {}),
        (b'{"model": "other"}', {"model": b'"m"'}),
        (b"{}", {"model": b'"m"'}),
    ],
)
def test_only_the_model_is_ours(body: bytes, changed: dict[str, bytes]) -> None:
    assert edits(envelope.read(body), "m", DIALECT) == changed


def test_nothing_is_withheld() -> None:
    assert not withholds(b'event: message_delta\ndata: {"usage": {}}\n\n')
