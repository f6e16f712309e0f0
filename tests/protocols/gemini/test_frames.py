"""Both forms of a stream, cut anywhere."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.properties import cuts

from plexus.canonical.errors import ProviderError
from plexus.protocols.gemini import frames
from plexus.protocols.gemini.frames import ArrayBoundary, SseChunks, element_json, split_chunks, split_elements

ELEMENTS = st.lists(
    st.dictionaries(st.text(max_size=4), st.text(max_size=6) | st.lists(st.integers(), max_size=2), max_size=2),
    max_size=4,
)


@given(ELEMENTS, st.lists(st.integers(0, 300), max_size=6), st.sampled_from([b"", b"\r\n", b" \n "]), st.booleans())
def test_an_array_is_cut_behind_its_elements(
    elements: list[dict[str, object]], places: list[int], space: bytes, escaped: bool
) -> None:
    parts = [json.dumps(each, ensure_ascii=escaped).encode() for each in elements]
    body = b"[" + space + (b"," + space).join(parts) + space + b"]"
    boundary = ArrayBoundary()
    runs = [run for piece in cuts(body, places) if (run := boundary.feed(piece))]
    assert b"".join(runs) == body
    for position in range(1, len(runs)):
        assert (
            json.loads(b"".join(runs[:position]) + b"]")
            == elements[: len(json.loads(b"".join(runs[:position]) + b"]"))]
        )
    pieces = [piece for run in runs for piece in split_elements(run)]
    assert b"".join(pieces) == body
    assert [json.loads(data) for piece in pieces if (data := element_json(piece))] == elements
    assert boundary.finish() == b""


def test_a_cut_element_is_left() -> None:
    boundary = ArrayBoundary()
    assert boundary.feed(b'[{"a": "}]"},{"b": "\\"}') == b'[{"a": "}]"}'
    assert boundary.finish() == b',{"b": "\\"}'


def test_an_endless_element_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_EVENT", 10)
    with pytest.raises(ProviderError, match="endless"):
        ArrayBoundary().feed(b'[{"a": "xxxxxxxxxxxxxx')


ERROR = b'{\n  "error": {\n    "code": 499,\n    "status": "CANCELLED"\n  }\n}\n'


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n"])
def test_a_bare_error_behind_events_is_a_chunk(end: bytes) -> None:
    data = b'data: {"a": 1}' + end + ERROR
    for places in ([], [5], list(range(len(data)))):
        chunks = SseChunks()
        found = [chunk for piece in cuts(data, places) for chunk in chunks.feed(piece)] + chunks.finish()
        assert [json.loads(chunk) for chunk in found] == [{"a": 1}, {"error": {"code": 499, "status": "CANCELLED"}}]


def test_a_body_that_is_no_stream_is_one_chunk() -> None:
    assert split_chunks(ERROR) == [ERROR]
    assert split_chunks(b"[" + ERROR + b"]") == [b"[" + ERROR + b"]"]
    assert split_chunks(b": comment\n\n") == []
