from __future__ import annotations

import pytest
from tests.configuration.support import mistake, provider

from plexus.configuration.urls import BadUrl, read_address
from plexus.domain.provider import TlsSettings
from plexus.protocols.anthropic_messages.dialect import MessagesDialect


def addresses(members: str, name: str = "acme") -> dict[str, str]:
    found = provider(members, name=name)
    return {
        protocol: ("https" if one.origin.tls else "http") + f"://{one.origin.authority}{one.prefix}"
        for protocol, one in found.endpoints.items()
    }


@pytest.mark.parametrize(
    ("url", "protocol", "address"),
    [
        # ends in a version: as it is
        ("https://acme.example/v1", "openai_chat", "https://acme.example/v1"),
        ("https://acme.example/v1/", "openai_chat", "https://acme.example/v1"),
        ("https://acme.example/api/paas/v4", "openai_chat", "https://acme.example/api/paas/v4"),
        ("https://acme.example/v1beta", "openai_chat", "https://acme.example/v1beta"),
        ("https://acme.example/v1beta2", "openai_chat", "https://acme.example/v1beta2"),
        # otherwise the protocol's prefix
        ("https://acme.example", "openai_chat", "https://acme.example/v1"),
        ("https://acme.example/", "openai_chat", "https://acme.example/v1"),
        ("https://acme.example/openai", "openai_chat", "https://acme.example/openai/v1"),
        ("https://acme.example/v1/openai", "openai_chat", "https://acme.example/v1/openai/v1"),
        ("https://acme.example/vision", "openai_chat", "https://acme.example/vision/v1"),
        ("http://127.0.0.1:8080", "openai_chat", "http://127.0.0.1:8080/v1"),
        ("http://[::1]:8080", "openai_chat", "http://[::1]:8080/v1"),
        ("https://ACME.example:443", "openai_chat", "https://acme.example/v1"),
        # the protocol by the host
        ("https://proxy.example/anthropic.com", "anthropic_messages", "https://proxy.example/anthropic.com/v1"),
        ("https://eu.api.anthropic.com", "anthropic_messages", "https://eu.api.anthropic.com/v1"),
        (
            "https://eu-generativelanguage.googleapis.com",
            "gemini",
            "https://eu-generativelanguage.googleapis.com/v1beta",
        ),
    ],
)
def test_one_address(url: str, protocol: str, address: str) -> None:
    assert addresses(f'base_url: "{url}"') == {protocol: address}


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("chat", "https://acme.example/v1"),
        ("messages", "https://acme.example/v1"),
        ("responses", "https://acme.example/v1"),
        ("embeddings", "https://acme.example/v1"),
        ("transcriptions", "https://acme.example/v1"),
        ("speech", "https://acme.example/v1"),
        ("image", "https://acme.example/v1"),
        ("gemini", "https://acme.example/v1beta"),
        ("openai_chat", "https://acme.example/v1"),
    ],
)
def test_a_map_from_protocol_to_address(name: str, address: str) -> None:
    assert list(addresses(f"base_url: {{ {name}: https://acme.example }}").values()) == [address]


def test_a_map_keeps_its_order_and_its_versions() -> None:
    found = addresses("base_url: { messages: https://a.example/anthropic, chat: https://b.example/v4 }")
    assert list(found.items()) == [
        ("anthropic_messages", "https://a.example/anthropic/v1"),
        ("openai_chat", "https://b.example/v4"),
    ]


GROQ = {
    "openai_chat": "https://api.groq.com/openai/v1",
    "openai_responses": "https://api.groq.com/openai/v1",
    "openai_transcriptions": "https://api.groq.com/openai/v1",
    "openai_speech": "https://api.groq.com/openai/v1",
}


@pytest.mark.parametrize(
    "url",
    [
        "https://api.groq.com",
        "https://api.groq.com/openai",
        "https://api.groq.com/openai/",
        "https://api.groq.com/openai/v1",
    ],
)
def test_the_presets_prefix(url: str) -> None:
    for name in ("groq", "my-groq"):  # by name; by host
        assert addresses(f'base_url: "{url}", api_key: x', name=name) == GROQ


@pytest.mark.parametrize(
    "url", ["https://api.deepseek.com", "https://api.deepseek.com/v1", "https://api.deepseek.com/anthropic"]
)
def test_protocols_keep_their_own_paths_on_the_presets_host(url: str) -> None:
    assert addresses(f'base_url: "{url}", api_key: x') == {
        "openai_chat": "https://api.deepseek.com/v1",
        "anthropic_messages": "https://api.deepseek.com/anthropic/v1",
    }


@pytest.mark.parametrize(
    "url",
    [
        "https://generativelanguage.googleapis.com",
        "https://generativelanguage.googleapis.com/v1beta",
        "https://generativelanguage.googleapis.com/v1beta/openai",
    ],
)
def test_gemini_speaks_its_own_protocol_and_chat(url: str) -> None:
    found = addresses(f'base_url: "{url}", api_key: x')
    assert found["gemini"] == "https://generativelanguage.googleapis.com/v1beta"
    assert found["openai_chat"] == "https://generativelanguage.googleapis.com/v1beta/openai"
    assert next(iter(found)) == "gemini"


def test_a_preset_elsewhere() -> None:
    mirrored = addresses('preset: deepseek, base_url: "https://proxy.example/deepseek"')
    assert mirrored == {
        "openai_chat": "https://proxy.example/deepseek/v1",
        "anthropic_messages": "https://proxy.example/deepseek/anthropic/v1",
    }
    versioned = addresses('preset: deepseek, base_url: "https://proxy.example/v1"')
    assert versioned == {"openai_chat": "https://proxy.example/v1"}
    assert set(addresses('preset: vllm, base_url: "http://gpu:8000/v1"').values()) == {"http://gpu:8000/v1"}


def test_a_preset_needs_no_address() -> None:
    assert addresses("api_key: x", name="groq") == GROQ
    assert addresses("preset: groq, api_key: x") == GROQ
    assert addresses("", name="ollama")["openai_chat"] == "http://127.0.0.1:11434/v1"


def test_a_host_of_a_preset_brings_its_dialect() -> None:
    found = provider('base_url: "https://api.deepseek.com", api_key: x')
    assert found.preset == "deepseek"
    messages = found.dialects["anthropic_messages"]
    assert isinstance(messages, MessagesDialect)
    assert messages.has_count_tokens is False


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("oauth://", "subscription logins are not supported."),
        ("ftp://acme.example", "must begin with https:// or http://."),
        ("acme.example/v1", "must begin with https:// or http://."),
        ("https://", "has no host."),
        ("https:///v1", "has no host."),
        ("https://acme example", "is no address: it holds spaces, or characters that must be encoded."),
        ("https://ácme.example", "is no address: it holds spaces, or characters that must be encoded."),
        ("https://acme.example:http", "is no address."),
        ("https://acme.example:99999", "is no address."),
        ("https://[::1", "is no address."),
        ("https://user:secret@acme.example", "must not hold a credential."),
        ("https://acme.example/v1?key=x", "must end with its path, without `?` or `#`."),
        ("https://acme.example/v1#x", "must end with its path, without `?` or `#`."),
        ("https://acme.example/v1/chat/completions", "is the address of one operation."),
        ("https://acme.example/v1/messages/", "is the address of one operation."),
        ("http://169.254.169.254/latest", "is a link-local address, where clouds keep credentials."),
        ("http://[fe80::1]/", "is a link-local address, where clouds keep credentials."),
        ('https://acme.example/a"b', "has a path with characters that must be encoded."),
    ],
)
def test_addresses_that_cannot_be_used(url: str, message: str) -> None:
    with pytest.raises(BadUrl) as caught:
        read_address(url, TlsSettings())
    assert caught.value.message == message
    assert caught.value.advice
    assert "secret" not in message


def test_a_bad_address_is_reported_where_it_stands() -> None:
    problem = mistake(
        "providers:\n  acme:\n    api_base_url:\n      chat: https://a.example\n      messages: oauth://\n"
    )
    assert problem.mark == (5, 17)
    assert problem.path == "providers.acme.api_base_url.messages"
    assert problem.advice == 'Write the address of the API, and `api_key: "${NAME}"`.'
