"""Every recording of Chat Completions, through the whole codec."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.making import CHAT_BODY
from tests.protocols.properties import decode_stream, request_again, without_nothing
from tests.protocols.recorded import Recorded
from tests.recordings import Recording

from plexus.protocols.openai_chat import CODEC
from plexus.protocols.openai_chat.dialect import ChatDialect

RECORDED = Recorded(
    codec=CODEC,
    name="openai.chat",
    request=CHAT_BODY,
    failing=frozenset(
        {
            "openai.chat.groq.test-tool-use-failed-error-streaming-with-text.1",
            "quirk.chat.openrouter-error-mid-stream",
        }
    ),
    normalised={
        "openai.chat.azure.test-chat-content-filtering.1": "a choice without a message gets an empty one",
        "openai.chat.cloudflare.test-cloudflare-data-extraction.2": "content that is an object becomes its JSON text",
        "openai.chat.openai.chat-detailed-usage.1": "empty content becomes null",
        "openai.chat.openai.chat-multimodal.1": "empty content becomes null",
        "openai.chat.snowflake.test-snowflake-llama.1": "an empty finish_reason becomes what it means",
        "openai.chat.snowflake.test-snowflake-thinking.1": "an empty finish_reason becomes what it means",
    },
)


@pytest.mark.parametrize("recording", RECORDED.requests, ids=repr)
def test_a_request_is_written_as_it_was_read(recording: Recording) -> None:
    assert recording.request is not None
    again, losses = request_again(CODEC, recording.request, ChatDialect(cache_control=True))
    wanted = dict(recording.request)
    if wanted.get("stream_options") == {"include_usage": False}:
        del wanted["stream_options"]
    assert without_nothing(again) == without_nothing(wanted)
    assert losses == []


@pytest.mark.parametrize("recording", RECORDED.replies, ids=repr)
def test_a_reply_is_written_as_it_was_read(recording: Recording) -> None:
    RECORDED.reply_is_written_as_it_was_read(recording)


@pytest.mark.parametrize("recording", RECORDED.streams, ids=repr)
def test_a_stream_is_read_whole_in_any_chunks(recording: Recording) -> None:
    RECORDED.stream_is_read_whole_in_any_chunks(recording)


@given(st.sampled_from(RECORDED.streams), st.lists(st.integers(0, 200_000), max_size=8))
@settings(max_examples=60, deadline=None)
def test_random_chunks_change_nothing(recording: Recording, places: list[int]) -> None:
    RECORDED.chunks_change_nothing(recording, places)


@pytest.mark.parametrize("recording", RECORDED.whole_streams, ids=repr)
def test_a_stream_written_again_means_the_same(recording: Recording) -> None:
    RECORDED.stream_written_again_means_the_same(recording, stream_options={"include_usage": True})


@pytest.mark.parametrize("recording", RECORDED.streams, ids=repr)
def test_the_tap_sees_what_the_decoder_sees(recording: Recording) -> None:
    RECORDED.tap_sees_what_the_decoder_sees(recording)


@pytest.mark.parametrize("recording", RECORDED.replies, ids=repr)
def test_the_tap_reads_json_as_the_decoder_does(recording: Recording) -> None:
    RECORDED.tap_reads_json_as_the_decoder_does(recording)


@pytest.mark.parametrize("recording", RECORDED.errors, ids=repr)
def test_a_recorded_error_is_typed(recording: Recording) -> None:
    RECORDED.error_is_typed(recording)


@given(st.lists(st.binary(max_size=200), max_size=6))
@settings(deadline=None)
def test_any_bytes_are_read_without_an_error(chunks: list[bytes]) -> None:
    decode_stream(CODEC, chunks)


@given(
    st.binary(max_size=200) | st.sampled_from([b"{}", b'{"choices":[{}]}', b'{"content":1}', b"[]", b'{"choices":[]}'])
)
@settings(deadline=None)
def test_any_body_is_read_or_refused_by_our_own_error(body: bytes) -> None:
    RECORDED.body_is_read_or_refused_by_our_own_error(body)
