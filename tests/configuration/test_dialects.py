from __future__ import annotations

import msgspec
import pytest
from tests.configuration.support import mistake, provider

from plexus.configuration.dialects import exact_first, is_pattern
from plexus.domain.provider import Provider
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.providers.presets import Preset, PresetError, parse_preset

PRESET = """\
title = "Acme"
docs = "https://acme.example"
needs_key = false
[protocols.openai_chat]
url = "https://acme.example/v1"
[protocols.openai_chat.dialect]
max_tokens_field = "max_tokens"
usage_in_stream = "always"
[[models]]
match = "big-*"
[models.dialect.openai_chat]
usage_in_stream = "never"
supports_strict = false
[[models]]
match = "big*"
[models.dialect.openai_chat]
supports_top_k = true
"""


@pytest.fixture(autouse=True)
def acme(monkeypatch: pytest.MonkeyPatch) -> None:
    one = parse_preset("acme", PRESET)

    def find(name: str) -> Preset | None:
        return one if name == "acme" else None

    monkeypatch.setattr("plexus.configuration.compile_providers.find_preset", find)


def chat(found: Provider, model: str) -> ChatDialect:
    dialect = found.dialects_for(model)["openai_chat"]
    assert isinstance(dialect, ChatDialect)
    return dialect


def test_owner_then_preset_then_the_presets_pattern() -> None:
    found = provider("")
    assert chat(found, "small") == ChatDialect(max_tokens_field="max_tokens", usage_in_stream="always")
    assert chat(found, "big-1") == ChatDialect(
        max_tokens_field="max_tokens", usage_in_stream="never", supports_strict=False
    )
    assert chat(found, "big") == ChatDialect(
        max_tokens_field="max_tokens", usage_in_stream="always", supports_top_k=True
    )


def test_the_file_wins_over_the_preset() -> None:
    found = provider("dialect: { chat: { usage_in_stream: when_asked, refused_members: [seed] } }")
    everywhere = ChatDialect(
        max_tokens_field="max_tokens", usage_in_stream="when_asked", refused_members=frozenset({"seed"})
    )
    assert chat(found, "small") == everywhere
    assert chat(found, "big-1") == msgspec.structs.replace(everywhere, supports_strict=False)


@pytest.mark.parametrize(
    ("name", "model", "strict", "top_k", "usage"),
    [
        ("big-1", "big-1", False, False, "when_asked"),  # an exact name, within the preset's first pattern
        ("big-1", "big-2", False, False, "never"),
        ("bigger", "bigger", True, True, "when_asked"),  # within the second
        ("big-1*", "big-12", False, False, "when_asked"),  # a glob within a glob
        ("*", "big-1", False, False, "when_asked"),  # a glob around globs
        ("*", "big", True, True, "when_asked"),
        ("*", "small", True, False, "when_asked"),
        ("*ig-1", "big-1", True, False, "when_asked"),  # they overlap: the file's counts alone
        ("b?g-1", "big-1", True, False, "when_asked"),
    ],
)
def test_the_files_models_win_over_all(name: str, model: str, strict: bool, top_k: bool, usage: str) -> None:
    found = provider(f'models: {{ "{name}": {{ dialect: {{ chat: {{ usage_in_stream: when_asked }} }} }} }}')
    dialect = chat(found, model)
    assert dialect.max_tokens_field == "max_tokens"
    assert (dialect.supports_strict, dialect.supports_top_k, dialect.usage_in_stream) == (strict, top_k, usage)


def test_names_go_before_globs() -> None:
    found = provider(
        'models: { "s*": { dialect: { chat: { supports_top_k: true } } }, '
        "small: { dialect: { chat: { text_parts: false } } } }"
    )
    assert (chat(found, "small").text_parts, chat(found, "small").supports_top_k) == (False, False)
    assert chat(found, "smart").supports_top_k is True
    assert exact_first({"b*": 1, "b": 2, "a?": 3, "a": 4}) == ["b", "a", "b*", "a?"]
    assert [is_pattern(name) for name in ("a", "a*", "a?", "[a]")] == [False, True, True, True]


def test_a_provider_without_answers_has_none() -> None:
    found = provider('base_url: "https://other.example"', name="other")
    assert (found.dialects, found.model_dialects) == ({}, ())


@pytest.mark.parametrize(
    ("members", "path", "message", "advice"),
    [
        (
            "dialect: { chat: { max_token_field: x } }",
            "dialect.chat.max_token_field",
            "is no dialect question of this protocol.",
            "Did you mean `max_tokens_field`?",
        ),
        (
            "dialect: { chat: { max_tokens_field: tokens } }",
            "dialect.chat.max_tokens_field",
            "does not fit: Invalid enum value 'tokens'.",
            "",
        ),
        (
            "dialect: { openai_chat: { refused_members: [1] } }",
            "dialect.openai_chat.refused_members",
            "does not fit: Expected `str`, got `int`.",
            "",
        ),
        (
            "models: { x: { dialect: { chat: { text_parts: 1 } } } }",
            "models.x.dialect.chat.text_parts",
            "does not fit: Expected `bool`, got `int`.",
            "",
        ),
        (
            "dialect: { messages: {} }",
            "dialect.messages",
            "this provider does not speak this protocol.",
            "Add it to `base_url`.",
        ),
        (
            "base_url: { chat: 'https://a.example', gemini: 'https://a.example' }, dialect: { gemini: {} }",
            "dialect.gemini",
            "this protocol has no dialect questions.",
            "Leave it out.",
        ),
        (
            "dialect: { chat: {}, openai_chat: {} }",
            "dialect.openai_chat",
            "is the same protocol as `chat`.",
            "Keep one.",
        ),
    ],
)
def test_mistakes(members: str, path: str, message: str, advice: str) -> None:
    problem = mistake(f"providers: {{ acme: {{ {members} }} }}")
    assert (problem.path, problem.message, problem.advice) == (f"providers.acme.{path}", message, advice)


def test_a_wrong_answer_in_a_preset_is_our_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = parse_preset("acme", PRESET.replace('"always"', '"sometimes"'))
    monkeypatch.setattr("plexus.configuration.compile_providers.find_preset", lambda name: bad)
    with pytest.raises(PresetError, match="sometimes"):
        provider("")
