from __future__ import annotations

import pytest

from plexus.configuration.urls import guess_protocol, parse_endpoint, protocol_name


@pytest.mark.parametrize(
    ("protocol", "url", "authority", "prefix"),
    [
        ("openai_chat", "https://api.openai.com", "api.openai.com", "/v1"),
        ("openai_chat", "https://api.openai.com/v1/", "api.openai.com", "/v1"),
        ("openai_chat", "https://api.z.ai/api/paas/v4", "api.z.ai", "/api/paas/v4"),
        ("openai_chat", "http://127.0.0.1:11434", "127.0.0.1:11434", "/v1"),
        ("openai_chat", "https://google/v1beta/openai", "google", "/v1beta/openai"),
        ("openai_chat", "https://h/openai", "h", "/openai"),
        ("anthropic_messages", "https://h/anthropic", "h", "/anthropic/v1"),
        ("gemini", "https://g", "g", "/v1beta"),
        ("gemini", "https://g/v1", "g", "/v1"),
        ("ollama", "http://box:11434", "box:11434", "/api"),
        ("ollama", "http://box:11434/api/", "box:11434", "/api"),
        ("ollama", "https://proxy/llm", "proxy", "/llm/api"),
        ("cohere", "https://api.cohere.com", "api.cohere.com", "/v2"),
        ("cohere", "https://api.cohere.com/v2", "api.cohere.com", "/v2"),
        ("openai_chat", "http://[::1]:8000/v1", "[::1]:8000", "/v1"),
    ],
)
def test_base_urls(protocol: str, url: str, authority: str, prefix: str) -> None:
    endpoint = parse_endpoint(protocol, url, None)
    assert (endpoint.origin.authority, endpoint.prefix) == (authority, prefix)
    assert (endpoint.origin.tls is not None) == url.startswith("https")


@pytest.mark.parametrize(
    "url", ["", "api.openai.com", "gopher://x", "https://h/v1?x=1", "https://host.example:99999/v1"]
)
def test_what_is_no_base_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"no base URL|has a query|no valid port"):
        parse_endpoint("openai_chat", url, None)


def test_a_bare_host_suggests_its_protocol() -> None:
    assert guess_protocol("https://api.anthropic.com") == "anthropic_messages"
    assert guess_protocol("https://generativelanguage.googleapis.com") == "gemini"
    assert guess_protocol("http://box:11434/api") == "ollama"
    assert guess_protocol("https://api.cohere.com/v2") == "cohere"
    assert guess_protocol("https://api.cohere.com/compatibility/v1") == "openai_chat"
    assert guess_protocol("https://anything.else") == "openai_chat"


def test_short_and_long_names_of_protocols() -> None:
    assert protocol_name("chat") == protocol_name("openai_chat") == "openai_chat"
    assert protocol_name("nope") is None
