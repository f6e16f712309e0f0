"""Pieces of a request."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexus.canonical.content import Audio, InlineData, Url, Video
from plexus.protocols.bedrock_converse.parts import DocumentNames, encode_source, is_object, media_kind, tool_id


@given(st.text(max_size=100))
def test_ids_are_allowed_and_stay_the_same(call_id: str) -> None:
    assert re.fullmatch(r"[a-zA-Z0-9_.:-]{1,64}", tool_id(call_id))
    assert tool_id(tool_id(call_id)) == tool_id(call_id)


@given(st.lists(st.text(max_size=60), max_size=5))
def test_ids_do_not_collide(ids: list[str]) -> None:
    assert len({tool_id(each) for each in ids}) == len(set(ids))
    assert tool_id("call_1.a:b-c") == "call_1.a:b-c"


@given(st.lists(st.none() | st.text(max_size=300), max_size=5))
def test_names_of_documents_are_allowed_and_unique(wishes: list[str | None]) -> None:
    names = DocumentNames()
    given_names = [names.name(wish) for wish in wishes]
    assert len(set(given_names)) == len(given_names)
    for name in given_names:
        assert re.fullmatch(r"[a-zA-Z0-9\s\-()\[\]]{1,200}", name)
        assert "  " not in name


@pytest.mark.parametrize(
    ("kind", "media_type", "word"),
    [
        ("image", "image/PNG", "png"),
        ("video", "video/mp4", "mp4"),
        ("video", "video/3gpp", "three_gp"),
        ("audio", "audio/mpeg", "mp3"),
        ("document", "text/markdown; charset=utf-8", "md"),
    ],
)
def test_formats_by_media_type(kind: str, media_type: str, word: str) -> None:
    assert encode_source(InlineData(media_type, "AAEC"), kind) == (word, {"bytes": "AAEC"})
    assert encode_source(InlineData("x/y", "AAEC"), kind) is None


def test_s3_needs_a_known_format() -> None:
    assert encode_source(Url("s3://b/film", media_type="video/mp4"), "video") == (
        "mp4",
        {"s3Location": {"uri": "s3://b/film"}},
    )
    assert encode_source(Url("s3://b/film"), "video") is None
    assert encode_source(None, "audio") is None


def test_what_is_an_object() -> None:
    assert is_object('{"a":1}')
    assert not is_object("[1]")
    assert not is_object("{")


def test_kinds() -> None:
    assert media_kind(Audio()) == "audio"
    assert media_kind(Video(source=Url("s3://x"))) == "video"
