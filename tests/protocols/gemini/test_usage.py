"""Counts, whose parts stand beside each other here and inside each other in the hub."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plexus.canonical.usage import Usage, usage
from plexus.protocols.gemini.usage import decode_usage, encode_usage


def read(**members: Any) -> Usage | None:
    return decode_usage(json.dumps(members).encode())


def test_thoughts_and_tools_are_added() -> None:
    found = read(
        promptTokenCount=10, toolUsePromptTokenCount=5, cachedContentTokenCount=4, candidatesTokenCount=7,
        thoughtsTokenCount=3, totalTokenCount=25,
    )  # fmt: skip
    assert found is not None
    assert (found.input, found.cached_input, found.output, found.reasoning, found.total) == (15, 4, 10, 3, 25)
    assert found.raw


@pytest.mark.parametrize(("audio", "image"), [("AUDIO", "IMAGE"), (4, 2)])
def test_modalities_are_read_by_word_and_by_number(audio: Any, image: Any) -> None:
    details = [{"modality": audio, "tokenCount": 6}, {"modality": image, "tokenCount": 2}, {"modality": "TEXT"}]
    found = read(
        promptTokenCount=9, promptTokensDetails=details, candidatesTokenCount=9, candidatesTokensDetails=details
    )
    assert found is not None
    assert (found.audio_input, found.image_input, found.audio_output, found.image_output) == (6, 2, 6, 2)


@pytest.mark.parametrize(
    "members", [{}, {"trafficType": "ON_DEMAND"}, {"promptTokenCount": "x"}, {"promptTokenCount": None}]
)
def test_what_holds_no_counts_is_none(members: dict[str, Any]) -> None:
    assert read(**members) is None


def test_there_and_back() -> None:
    counts = usage(input=20, cached_input=5, output=12, reasoning=4, audio_input=3, image_output=2)
    again = decode_usage(json.dumps(encode_usage(counts)).encode())
    assert again is not None
    for name in ("input", "cached_input", "output", "reasoning", "audio_input", "image_output"):
        assert getattr(again, name) == getattr(counts, name)
    assert encode_usage(usage(input=1, output=2)) == {
        "promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3,
    }  # fmt: skip
