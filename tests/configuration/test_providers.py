from __future__ import annotations

import pytest
from tests.configuration.loading import load, problems

from plexus.domain.provider import Provider


def provider(members: str) -> Provider:
    loaded = load(f"providers: {{ p: {{ api_key: sk-provider-secret, {members} }} }}")
    return loaded.snapshot.providers["p"]


def places(of: Provider) -> dict[str, str]:
    return {name: f"{at.origin.authority}{at.prefix}" for name, at in of.endpoints.items()}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (
            "preset: groq",
            {"openai_chat": "api.groq.com/openai/v1", "openai_responses": "api.groq.com/openai/v1"},
        ),
        (
            'preset: groq, base_url: "https://api.groq.com"',
            {"openai_chat": "api.groq.com/openai/v1", "openai_responses": "api.groq.com/openai/v1"},
        ),
        (
            'preset: deepseek, base_url: "https://api.deepseek.com/anthropic"',
            {"anthropic_messages": "api.deepseek.com/anthropic/v1"},
        ),
        (
            'preset: zai, base_url: "https://api.z.ai/api/coding/paas/v4"',
            {"openai_chat": "api.z.ai/api/coding/paas/v4"},
        ),
        (
            'preset: groq, base_url: "http://proxy.example"',
            {"openai_chat": "proxy.example/v1", "openai_responses": "proxy.example/v1"},
        ),
        (
            'preset: google, base_url: "https://generativelanguage.googleapis.com/v1beta/openai"',
            {"openai_chat": "generativelanguage.googleapis.com/v1beta/openai"},
        ),
        (
            'preset: deepseek, base_url: { messages: "https://api.deepseek.com" }',
            {"anthropic_messages": "api.deepseek.com/anthropic/v1"},
        ),
        (
            'preset: azure, base_url: "https://mine.openai.azure.com"',
            {"openai_chat": "mine.openai.azure.com/openai/v1", "openai_responses": "mine.openai.azure.com/openai/v1"},
        ),
        (
            'preset: ollama, base_url: "http://box:11434"',
            {
                "ollama": "box:11434/api",
                "openai_chat": "box:11434/v1",
                "openai_responses": "box:11434/v1",
                "anthropic_messages": "box:11434/v1",
            },
        ),
        ('preset: ollama, base_url: { ollama: "http://box:11434" }', {"ollama": "box:11434/api"}),
        (
            'preset: vllm, base_url: "http://box:1"',
            {"openai_chat": "box:1/v1", "openai_responses": "box:1/v1", "anthropic_messages": "box:1/v1"},
        ),
        ("preset: cohere", {"cohere": "api.cohere.com/v2", "openai_chat": "api.cohere.ai/compatibility/v1"}),
        ('preset: cohere, base_url: "https://cohere.mine.example"', {"openai_chat": "cohere.mine.example/v1"}),
        ('base_url: "https://unknown.example/anthropic"', {"anthropic_messages": "unknown.example/anthropic/v1"}),
        ('base_url: "https://unknown.example"', {"openai_chat": "unknown.example/v1"}),
    ],
)
def test_where_a_provider_is_reached(members: str, expected: dict[str, str]) -> None:
    assert places(provider(members)) == expected


def test_an_address_with_a_part_of_ones_own_must_be_written() -> None:
    (problem,) = problems("providers: { azure: { api_key: sk-provider-secret } }")
    assert "https://{resource}.openai.azure.com/openai/v1" in problem


def test_the_answers_of_the_file_win_over_those_of_the_preset_and_its_models() -> None:
    answers = provider("preset: groq, dialect: { chat: { developer_role: true } }")
    general = answers.dialects_for("llama-3.3-70b-versatile")["openai_chat"]
    assert (general.developer_role, general.efforts) == (True, ("low", "medium", "high"))  # type: ignore[attr-defined]
    special = answers.dialects_for("qwen/qwen3-32b")["openai_chat"]
    assert (special.developer_role, special.efforts) == (True, ("none",))  # type: ignore[attr-defined]
    assert special.message_names is False  # type: ignore[attr-defined]
