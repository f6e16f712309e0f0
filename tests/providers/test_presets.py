from __future__ import annotations

from urllib.parse import urlsplit

import msgspec
import pytest

from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.providers.presets import (
    Answers,
    Preset,
    PresetError,
    find_preset,
    parse_preset,
    preset_names,
    presets_by_host,
)

DIALECTS: dict[str, type[msgspec.Struct]] = {"openai_chat": ChatDialect, "anthropic_messages": MessagesDialect}
LOCAL = {"lmstudio", "mock", "ollama", "vllm"}


def preset(name: str) -> Preset:
    found = find_preset(name)
    assert found is not None
    return found


def answers(one: Preset) -> list[Answers]:
    return [one.dialect, *(models.dialect for models in one.models)]


def test_the_list() -> None:
    assert preset_names() == [
        "anthropic",
        "deepseek",
        "google",
        "groq",
        "lmstudio",
        "mistral",
        "mock",
        "ollama",
        "openai",
        "openrouter",
        "vllm",
        "xai",
    ]
    assert find_preset("nobody") is None
    assert find_preset("../presets/openai") is None


@pytest.mark.parametrize("name", preset_names())
def test_answers_fit_the_questions_and_differ_from_the_owners(name: str) -> None:
    for layer in answers(preset(name)):
        for protocol, given in layer.items():
            record = DIALECTS[protocol]
            assert set(given) <= set(record.__struct_fields__)
            assert given
            converted, owner = msgspec.convert(given, record), record()
            idle = [member for member in given if getattr(converted, member) == getattr(owner, member)]
            assert idle == [], "an answer that is the owner's behaviour says nothing"


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_names_its_page_and_can_be_reached(name: str) -> None:
    one = preset(name)
    assert one.name == name
    assert one.docs.startswith("https://") or name == "mock"
    schemes = {urlsplit(protocol.url).scheme for protocol in one.protocols.values()}
    assert schemes == ({"http"} if name in LOCAL else {"https"})
    assert one.needs_key is (name not in LOCAL)


def test_hosts_lead_to_presets() -> None:
    hosts = presets_by_host()
    assert hosts["api.openai.com"] == "openai"
    assert hosts["generativelanguage.googleapis.com"] == "google"
    assert set(hosts.values()) == set(preset_names()) - LOCAL


GOOD = 'title = "A"\ndocs = "https://a.example"\n[protocols.openai_chat]\nurl = "https://a.example/v1"\n'


def test_a_preset_file() -> None:
    one = parse_preset("a", GOOD + '[[models]]\nmatch = "x*"\n[models.dialect.openai_chat]\nsupports_strict = false\n')
    assert one.dialect == {}
    assert one.models[0].match == "x*"
    assert one.protocols["openai_chat"].auth is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = ", "preset a: Invalid value"),
        ('title = "A"', "missing required field"),
        (GOOD.replace("title", "titel"), "unknown field `titel`"),
        (GOOD + 'auth = "basic"\n', "Invalid enum value 'basic'"),
        (GOOD.replace("https://a.example/v1", "https://a.example/v1/"), "is no URL of an API"),
        (GOOD.replace("https://a.example/v1", "a.example/v1"), "is no URL of an API"),
        ('title = "A"\ndocs = ""\n[protocols]\n', "it speaks no protocol"),
        (
            GOOD + '[[models]]\nmatch = "x"\n[models.dialect.gemini]\na = 1\n',
            "protocols that it does not speak: gemini",
        ),
    ],
)
def test_a_preset_file_that_is_wrong(text: str, message: str) -> None:
    with pytest.raises(PresetError, match=message):
        parse_preset("a", text)
