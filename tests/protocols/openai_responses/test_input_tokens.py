from __future__ import annotations

import json
from typing import Any

import pytest
from tests.protocols.making import asked, sent
from tests.recordings import Recording, recordings

from plexus.canonical.errors import ErrorKind
from plexus.protocols.openai_responses import COUNT_CODEC
from plexus.protocols.openai_responses.dialect import ResponsesDialect
from plexus.protocols.openai_responses.input_tokens import MEMBERS, encode_count

RECORDED = pytest.mark.parametrize("recording", recordings("openai.responses.input_tokens"), ids=repr)
GENERATE: dict[str, Any] = {
    "model": "m",
    "input": "Hi",
    "instructions": "Be brief.",
    "max_output_tokens": 99,
    "stream": True,
    "store": False,
    "include": ["reasoning.encrypted_content"],
    "reasoning": {"effort": "low"},
}


@RECORDED
def test_a_recorded_request_is_written_as_it_came(recording: Recording) -> None:
    assert recording.request is not None
    request = asked(COUNT_CODEC, recording.request)
    outbound, losses = COUNT_CODEC.encode_request(request, ResponsesDialect())
    assert json.loads(outbound.body) == recording.request
    assert f"/v1{outbound.path}" == recording.request_path
    assert list(losses) == []


@RECORDED
def test_a_recorded_reply_is_read(recording: Recording) -> None:
    assert recording.body is not None
    tap = COUNT_CODEC.tap(ResponsesDialect())
    tap.read(recording.body)
    assert (tap.failure, tap.usage, tap.ended) == (None, None, True)
    assert json.loads(encode_count(18)).keys() == json.loads(recording.body).keys()


def test_what_concerns_the_reply_is_left_out() -> None:
    body, losses = sent(COUNT_CODEC, asked(COUNT_CODEC, GENERATE), ResponsesDialect())
    assert body == {"model": "m", "input": "Hi", "instructions": "Be brief.", "reasoning": {"effort": "low"}}
    assert losses == []
    assert set(body) <= MEMBERS


def test_a_reply_without_a_count_is_none() -> None:
    tap = COUNT_CODEC.tap(ResponsesDialect())
    tap.read(b'{"object":"response.input_tokens"}')
    assert tap.failure is not None
    assert tap.failure.kind is ErrorKind.UPSTREAM_MALFORMED


def test_our_own_count() -> None:
    assert json.loads(encode_count(7)) == {"object": "response.input_tokens", "input_tokens": 7}


def test_where_it_lives() -> None:
    assert (COUNT_CODEC.path("m", False), COUNT_CODEC.operation) == ("/responses/input_tokens", "count_tokens")
