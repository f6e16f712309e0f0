from __future__ import annotations

import json

import pytest
from tests.protocols.making import asked, sent
from tests.recordings import Recording, recordings

from plexus.canonical.errors import ErrorKind
from plexus.protocols.openai_responses import COMPACT_CODEC
from plexus.protocols.openai_responses.dialect import ResponsesDialect

RECORDED = pytest.mark.parametrize("recording", recordings("openai.responses.compact"), ids=repr)


@RECORDED
def test_a_recorded_request_is_written_as_it_came(recording: Recording) -> None:
    assert recording.request is not None
    outbound, losses = COMPACT_CODEC.encode_request(asked(COMPACT_CODEC, recording.request), ResponsesDialect())
    assert json.loads(outbound.body) == {name: value for name, value in recording.request.items() if value != []}
    assert f"/v1{outbound.path}" == recording.request_path
    assert list(losses) == []


@RECORDED
def test_a_recorded_reply_is_read_with_its_usage(recording: Recording) -> None:
    assert recording.body is not None
    tap = COMPACT_CODEC.tap(ResponsesDialect())
    tap.read(recording.body)
    said = json.loads(recording.body)["usage"]
    assert tap.usage is not None
    assert (tap.usage.input, tap.usage.output) == (said["input_tokens"], said["output_tokens"])
    assert (tap.failure, tap.ended) == (None, True)


def test_what_it_does_not_take_is_left_out() -> None:
    wish = {"model": "m", "input": "Hi", "store": False, "temperature": 1.0, "stream": True, "prompt_cache_key": "k"}
    assert sent(COMPACT_CODEC, asked(COMPACT_CODEC, wish), ResponsesDialect()) == (
        {"model": "m", "input": "Hi", "prompt_cache_key": "k"},
        [],
    )


@pytest.mark.parametrize("body", [b"{}", b'{"output":"x"}', b"<html>"])
def test_what_is_no_compaction_fails(body: bytes) -> None:
    tap = COMPACT_CODEC.tap(ResponsesDialect())
    tap.read(body)
    assert tap.failure is not None
    assert tap.failure.kind is ErrorKind.UPSTREAM_MALFORMED


def test_a_compaction_may_come_without_usage() -> None:
    tap = COMPACT_CODEC.tap(ResponsesDialect())
    tap.read(b'{"output":[]}')
    assert (tap.usage, tap.failure) == (None, None)
