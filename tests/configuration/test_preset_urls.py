from __future__ import annotations

import pytest

from plexus.configuration.preset_urls import (
    complete_url,
    endpoints_under,
    front_of,
    is_side_by_side,
    is_template,
    moved_url,
)

AZURE = "https://{resource}.openai.azure.com/openai/v1"
CLOUD = "https://api.cloud.example/accounts/{account}/ai/v1"


@pytest.mark.parametrize(
    ("given", "known", "whole"),
    [
        ("https://api.groq.com", "https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1"),
        ("https://api.groq.com/", "https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1"),
        ("https://api.groq.com/openai", "https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1"),
        ("https://api.groq.com/openai/v1/", "https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1"),
        ("https://api.groq.com/v1", "https://api.groq.com/openai/v1", None),
        ("https://api.groq.com/openai/v1/more", "https://api.groq.com/openai/v1", None),
        ("http://api.groq.com", "https://api.groq.com/openai/v1", None),
        ("https://proxy.example/openai/v1", "https://api.groq.com/openai/v1", None),
        ("https://api.perplexity.ai", "https://api.perplexity.ai", "https://api.perplexity.ai"),
        ("https://mine.openai.azure.com", AZURE, "https://mine.openai.azure.com/openai/v1"),
        ("https://mine.openai.azure.com.evil.example", AZURE, None),
        ("https://a/b.openai.azure.com", AZURE, None),
        ("https://api.cloud.example/accounts/7f", CLOUD, "https://api.cloud.example/accounts/7f/ai/v1"),
        ("https://api.cloud.example/accounts/7f/ai/v1", CLOUD, "https://api.cloud.example/accounts/7f/ai/v1"),
        ("https://api.cloud.example", CLOUD, None),
        (CLOUD, CLOUD, CLOUD),
    ],
)
def test_a_front_is_completed_by_what_the_preset_knows(given: str, known: str, whole: str | None) -> None:
    assert complete_url(given, known) == whole


def test_a_url_means_the_endpoints_below_it() -> None:
    known = {"openai_chat": "https://h.example/v1", "anthropic_messages": "https://h.example/anthropic/v1"}
    assert endpoints_under("https://h.example", known) == known
    assert list(endpoints_under("https://h.example/anthropic", known)) == ["anthropic_messages"]
    assert list(endpoints_under("https://h.example/v1", known)) == ["openai_chat"]
    assert endpoints_under("https://other.example", known) == {}


def test_templates() -> None:
    assert is_template(AZURE)
    assert not is_template("https://h.example/v1")


def test_the_same_path_on_another_host() -> None:
    assert moved_url("https://mine.example/accounts/a1/ai/v1/", CLOUD) == "https://mine.example/accounts/a1/ai/v1"
    assert moved_url("https://mine.example/accounts/ai/v1", CLOUD) is None
    assert moved_url("https://mine.example/accounts/a1/other/v1", CLOUD) is None
    assert moved_url("https://mine.example/openai/v1", AZURE) is None, "nothing in this path is anybody's own"


@pytest.mark.parametrize(
    ("known", "side_by_side"),
    [
        ({"openai_chat": "http://h.example/v1", "gemini": "http://h.example/v1beta"}, True),
        ({"openai_chat": "http://h.example/api/v1", "gemini": "http://h.example/api/v1beta"}, True),
        ({"openai_chat": "http://h.example/v1", "gemini": "http://g.example/v1beta"}, False),
        ({"openai_chat": "http://h.example/v1beta", "gemini": "http://h.example/v1"}, False),
        ({"openai_chat": "http://h.example/v1beta/openai", "gemini": "http://h.example/v1beta"}, False),
    ],
)
def test_endpoints_that_differ_in_their_version_stand_side_by_side(known: dict[str, str], side_by_side: bool) -> None:
    assert is_side_by_side(known) is side_by_side


@pytest.mark.parametrize(
    ("url", "front"),
    [
        ("http://h.example/v1/", "http://h.example"),
        ("http://h.example/v1beta", "http://h.example"),
        ("http://h.example/v3", "http://h.example/v3"),
        ("http://h.example", "http://h.example"),
    ],
)
def test_the_front_of_a_url(url: str, front: str) -> None:
    assert front_of(url) == front
