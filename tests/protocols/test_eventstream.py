"""AWS event streams: messages cut out of any chunks, and damage that is noticed."""

from __future__ import annotations

import contextlib
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.properties import cuts
from tests.recordings import recordings

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.protocols.eventstream import MAX_MESSAGE, Message, MessageDecoder, encode_message

RECORDED = [each.eventstream for name in ("bedrock.converse", "bedrock.invoke") for each in recordings(name)]
STREAMS = [each for each in RECORDED if each is not None]


def read(chunks: list[bytes]) -> list[Message]:
    decoder = MessageDecoder()
    messages = [message for chunk in chunks for message in decoder.feed(chunk)]
    return messages + decoder.finish()


def damaged(data: bytes) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        MessageDecoder().feed(data)
    assert caught.value.kind is ErrorKind.UPSTREAM_MALFORMED
    return caught.value


def framed(heads: bytes, payload: bytes = b"") -> bytes:
    """A message with these header bytes and right checksums."""
    lengths = struct.pack(">II", 16 + len(heads) + len(payload), len(heads))
    front = lengths + struct.pack(">I", zlib.crc32(lengths)) + heads + payload
    return front + struct.pack(">I", zlib.crc32(front))


def test_recordings_are_there() -> None:
    assert len(STREAMS) == 22


@pytest.mark.parametrize("stream", STREAMS)
def test_a_recorded_stream_is_read_whole_in_any_chunks(stream: bytes) -> None:
    whole = read([stream])
    assert all(message.headers[":message-type"] == "event" for message in whole)
    assert read([bytes([byte]) for byte in stream]) == whole
    assert b"".join(encode_message(message.headers, message.payload) for message in whole) == stream


@given(
    st.lists(
        st.tuples(st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=3), st.binary(max_size=80))
    ),
    st.lists(st.integers(0, 600), max_size=6),
)
def test_what_was_written_is_read_in_any_chunks(
    messages: list[tuple[dict[str, str], bytes]], places: list[int]
) -> None:
    written = b"".join(encode_message(headers, payload) for headers, payload in messages)
    assert read(cuts(written, places)) == [Message(headers, payload) for headers, payload in messages]


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_bytes_are_messages_or_an_error_of_ours(chunks: list[bytes]) -> None:
    with contextlib.suppress(ProviderError):
        read(chunks)


@pytest.mark.parametrize("place", range(len(encode_message({":event-type": "x"}, b"{}"))))
def test_one_changed_bit_anywhere_is_noticed(place: int) -> None:
    whole = bytearray(encode_message({":event-type": "x"}, b"{}"))
    whole[place] ^= 1
    damaged(bytes(whole))


def test_headers_of_all_types_are_passed_over_but_for_text() -> None:
    values = [
        b"\0",
        b"\1",
        b"\2x",
        b"\3xx",
        b"\4xxxx",
        b"\5" + b"x" * 8,
        b"\6\0\3abc",
        b"\x08" + b"x" * 8,
        b"\x09" + b"x" * 16,
    ]
    heads = b"".join(b"\1a" + value for value in values) + b"\4:end\7\0\4last"
    assert read([framed(heads, b"{}")]) == [Message({":end": "last"}, b"{}")]


@pytest.mark.parametrize("heads", [b"\1a\x0a", b"\1a\7\0", b"\5a", b"\1\xff\7\0\1a", b"\1a\7\0\1\xff"])
def test_headers_that_cannot_be_read_are_damage(heads: bytes) -> None:
    damaged(framed(heads))


def test_an_endless_message_is_cut_off_at_its_first_bytes() -> None:
    lengths = struct.pack(">II", MAX_MESSAGE + 1, 0)
    damaged(lengths + struct.pack(">I", zlib.crc32(lengths)))


def test_a_cut_message_is_none() -> None:
    whole = encode_message({}, b"{}")
    assert read([whole, whole[:-1]]) == [Message({}, b"{}")]
