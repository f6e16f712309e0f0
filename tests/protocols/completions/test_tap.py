from __future__ import annotations

import pytest
from tests.recordings import Recording, recordings

from plexus.canonical.errors import ErrorKind
from plexus.canonical.response import FinishReason
from plexus.protocols.completions.tap import tap
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.sse import EventBoundary

GOOD = [one for one in recordings("openai.completions") if one.status == 200 and one.provider != "writer"]
"""Writer's stream says neither text nor end in OpenAI's words."""


@pytest.mark.parametrize("recording", GOOD, ids=repr)
def test_recordings_are_whole(recording: Recording) -> None:
    watching = tap(ChatDialect())
    if recording.sse is not None:
        boundary = EventBoundary()
        for byte in recording.sse:
            if whole := boundary.feed(bytes([byte])):
                watching.watch(whole)
    else:
        assert recording.body is not None
        watching.read(recording.body)
    assert (watching.failure, watching.empty, watching.ended, watching.terminated) == (None, False, True, True)
    assert watching.finish is not None
    assert watching.finish.reason in (FinishReason.STOP, FinishReason.LENGTH)
    assert watching.said_bytes > 0
    assert (watching.usage is not None) is (recording.body is not None)


def test_an_error_in_a_stream_is_a_failure_and_a_cut_is_no_end() -> None:
    watching = tap(ChatDialect())
    watching.watch(b'data: {"choices":[{"text":"Hi","finish_reason":null}]}\n\ndata: what\n\n')
    assert (watching.meaningful, watching.ended, watching.failure) == (True, False, None)
    watching.watch(b'data: {"error":{"message":"Later","code":"rate_limit_exceeded"}}\n\n')
    assert watching.failure is not None
    assert watching.failure.kind is ErrorKind.RATE_LIMIT


def test_an_end_without_a_finish_is_inferred() -> None:
    watching = tap(ChatDialect())
    watching.watch(
        b'data: {"choices":[{"text":"Hi"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\ndata: [DONE]\n\n'
    )
    assert watching.finish is not None
    assert watching.finish.inferred
    assert watching.usage is not None
    assert watching.usage.total == 3


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"choices":[]}', b'{"choices":7}'])
def test_what_is_no_reply_is_the_providers_fault(body: bytes) -> None:
    watching = tap(ChatDialect())
    watching.read(body)
    assert watching.failure is not None
    assert watching.failure.kind is ErrorKind.UPSTREAM_MALFORMED
