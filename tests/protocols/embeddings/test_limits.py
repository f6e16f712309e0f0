from __future__ import annotations

import msgspec
import pytest

from plexus.canonical.content import Extras
from plexus.canonical.embedding import EmbedRequest, Tokens
from plexus.canonical.errors import ClientError
from plexus.canonical.losses import Losses
from plexus.protocols.embeddings.limits import lose_extras, refuse_formats, texts_of


def test_texts_pass_up_to_the_most() -> None:
    request = EmbedRequest(origin="x", model="m", inputs=("a", "b"))
    assert texts_of(request, 2) == ["a", "b"]
    with pytest.raises(ClientError, match="at most 1"):
        texts_of(request, 1)


def test_tokens_belong_to_another_vocabulary() -> None:
    with pytest.raises(ClientError, match="not tokens"):
        texts_of(EmbedRequest(origin="x", model="m", inputs=("a", Tokens((1,)))), 9)


def test_floats_are_had_everywhere() -> None:
    refuse_formats(EmbedRequest(origin="x", model="m", inputs=(), encodings=("float", "base64")))
    with pytest.raises(ClientError, match="uint8"):
        refuse_formats(EmbedRequest(origin="x", model="m", inputs=(), encodings=("uint8",)))


def test_only_foreign_members_are_lost() -> None:
    request = EmbedRequest(origin="x", model="m", inputs=(), extras=Extras("x", {"one": msgspec.Raw(b"1")}))
    for protocol, lost in (("x", []), ("y", [("one", "foreign")])):
        losses = Losses()
        lose_extras(request, protocol, losses)
        assert [(loss.path, loss.reason) for loss in losses] == lost
