from __future__ import annotations

import json

import msgspec
import pytest

from plexus.canonical.errors import ClientError, ErrorKind, GatewayError, ProviderError
from plexus.exchange.call import AnyCodec
from plexus.protocols import embeddings, envelope, rerank
from plexus.protocols.registry import CODECS
from plexus.protocols.simple import edit_model, malformed, read_reply

ALL = (*embeddings.CODECS, embeddings.GEMINI_BATCH, *rerank.CODECS)


@pytest.mark.parametrize("codec", ALL, ids=lambda codec: f"{codec.protocol}-{codec.operation}")
def test_they_are_asked_for_json_and_never_stream(codec: AnyCodec) -> None:
    assert not codec.generates
    assert not codec.streams
    for function in (codec.stream_decoder, codec.stream_encoder):
        with pytest.raises(ClientError):
            function(None)
    assert not codec.withholds(b"data: {}\n\n")


@pytest.mark.parametrize("codec", ALL, ids=lambda codec: f"{codec.protocol}-{codec.operation}")
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"\xff", b"<html>", b"{}", b'{"data":7}', b'{"embeddings":7,"results":7}']
)
def test_what_is_no_reply_is_the_providers_fault(codec: object, body: bytes) -> None:
    assert isinstance(codec, type(embeddings.OPENAI))
    with pytest.raises(GatewayError) as failed:
        codec.decode_response(body, codec.default_dialect)
    assert failed.value.kind is ErrorKind.UPSTREAM_MALFORMED
    tap = codec.tap(codec.default_dialect)
    tap.read(body)
    assert tap.failure is not None
    assert tap.failure.kind is ErrorKind.UPSTREAM_MALFORMED


def test_the_models_name_is_the_only_edit() -> None:
    body = envelope.read(json.dumps({"model": "mine", "input": "x"}).encode())
    assert edit_model(body, "mine", None) == {}
    assert edit_model(body, "theirs", None) == {"model": b'"theirs"'}


def test_reading_names_what_is_wrong_for_the_operator() -> None:
    with pytest.raises(ProviderError) as failed:
        read_reply(msgspec.json.Decoder(list[int]), b'["x"]')
    assert "Expected `int`" in (failed.value.hint or "")
    assert malformed("why").hint == "why"


def test_a_reply_that_is_no_utf8_deep_inside_is_refused_by_our_own_error() -> None:
    codec = CODECS["openai_chat", "embed"]
    body = b'{"object":"list","data":[{"object":"embedding","index":0,"embedding":"\xff"}],"model":"m"}'
    with pytest.raises(ProviderError):
        codec.decode_response(body, codec.default_dialect)
