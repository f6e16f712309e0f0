"""The two forms of a stream, cut anywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.properties import cuts

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.protocols.gemini.frames import ArrayBoundary, SseChunks, element_json, split_chunks, split_elements
from plexus.protocols.sse import MAX_EVENT

TEXT = st.text(alphabet=st.sampled_from('ab"\\{}[],é\n'), max_size=12)
ELEMENTS = st.lists(
    st.dictionaries(TEXT, TEXT | st.lists(st.dictionaries(TEXT, TEXT, max_size=2), max_size=2)), max_size=4
)


def array(elements: list[dict[str, Any]]) -> bytes:
    return b"[" + b",\r\n".join(json.dumps(element, ensure_ascii=False).encode() for element in elements) + b"]"


@given(ELEMENTS, st.lists(st.integers(0, 400), max_size=12))
@settings(deadline=None)
def test_an_array_is_handed_on_in_whole_elements_however_it_comes(
    elements: list[dict[str, Any]], places: list[int]
) -> None:
    whole = array(elements)
    boundary = ArrayBoundary()
    runs = [boundary.feed(chunk) for chunk in cuts(whole, places)]
    assert b"".join(runs) + boundary.finish() == whole
    found = [element_json(piece) for run in runs for piece in split_elements(run)]
    assert [json.loads(element) for element in found if element] == elements
    assert [run for run in runs if run][-1].endswith(b"]")


@given(ELEMENTS, st.lists(st.integers(0, 400), max_size=12))
@settings(deadline=None)
def test_pieces_of_a_run_are_its_bytes(elements: list[dict[str, Any]], places: list[int]) -> None:
    boundary = ArrayBoundary()
    for chunk in cuts(array(elements), places):
        run = boundary.feed(chunk)
        assert b"".join(split_elements(run)) == run


def test_bytes_that_were_looked_at_are_not_looked_at_again() -> None:
    """An element of many megabytes (a picture) comes in many chunks: each is scanned once."""
    boundary = ArrayBoundary()
    for chunk in (b'[{"a": "', b"A" * 1000, b"B" * 1000):
        assert boundary.feed(chunk) == b""
        assert boundary._scan._position == len(boundary._rest)
    assert boundary.feed(b'"},') == b'[{"a": "' + b"A" * 1000 + b"B" * 1000 + b'"}'
    assert boundary.finish() == b","


def test_an_endless_element_is_cut_off() -> None:
    boundary = ArrayBoundary()
    boundary.feed(b'[{"a": "')
    with pytest.raises(ProviderError) as refusal:
        boundary.feed(b"x" * MAX_EVENT)
    assert refusal.value.kind is ErrorKind.UPSTREAM_MALFORMED


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b'data: {"a":1}\r\n\r\ndata: {"a":2}\r\n\r\n', [b'{"a":1}', b'{"a":2}']),
        (b'{"error": {}}\n\n', [b'{"error": {}}\n\n']),
        (b'data: {"a":1}\n\n{\n"error": {}}\n\n', [b'{"a":1}', b'{\n"error": {}}\n\n']),
        (b": comment\n\n", []),
    ],
    ids=["crlf", "bare", "bare-behind", "comment"],
)
def test_events_and_bare_errors(data: bytes, wanted: list[bytes]) -> None:
    assert split_chunks(data) == wanted


def test_a_last_event_without_its_blank_line_is_read_at_the_end() -> None:
    chunks = SseChunks()
    assert chunks.feed(b'data: {"a":1}\n') == []
    assert chunks.finish() == [b'{"a":1}']


def test_a_cut_element_is_left() -> None:
    boundary = ArrayBoundary()
    assert boundary.feed(b'[{"a": "}]"},{"b": "\\"}') == b'[{"a": "}]"}'
    assert boundary.finish() == b',{"b": "\\"}'


ERROR = b'{\n  "error": {\n    "code": 499,\n    "status": "CANCELLED"\n  }\n}\n'


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n"])
def test_a_bare_error_behind_events_is_a_chunk(end: bytes) -> None:
    data = b'data: {"a": 1}' + end + ERROR
    for places in ([], [5], list(range(len(data)))):
        chunks = SseChunks()
        found = [chunk for piece in cuts(data, places) for chunk in chunks.feed(piece)] + chunks.finish()
        assert [json.loads(chunk) for chunk in found] == [{"a": 1}, {"error": {"code": 499, "status": "CANCELLED"}}]
