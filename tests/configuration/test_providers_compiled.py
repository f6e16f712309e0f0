from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.configuration.loading import load, problems

from plexus.configuration import document as doc
from plexus.configuration.problems import ConfigurationError
from plexus.configuration.providers import timeouts_of
from plexus.domain.provider import Provider, Timeouts
from plexus.protocols.openai_chat.dialect import ChatDialect


def compiled(name: str = "acme", **members: Any) -> Provider:
    text = msgspec.json.encode({"providers": {name: members}}).decode()
    return load(text).snapshot.providers[name]


def mistakes(name: str = "acme", **members: Any) -> list[str]:
    return problems(msgspec.json.encode({"providers": {name: members}}).decode())


def places(provider: Provider) -> dict[str, str]:
    return {name: end.origin.authority + end.prefix for name, end in provider.endpoints.items()}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"base_url": "https://a.example"}, {"openai_chat": "a.example/v1"}),
        ({"api_base_url": "https://a.example/x/v2"}, {"openai_chat": "a.example/x/v2"}),
        ({"base_url": "https://api.anthropic.com"}, {"anthropic_messages": "api.anthropic.com/v1"}),
        (
            {"base_url": {"chat": "https://a.example", "messages": "http://b.example:81/anthropic"}},
            {"openai_chat": "a.example/v1", "anthropic_messages": "b.example:81/anthropic/v1"},
        ),
        ({"base_url": {"openai_chat": "https://a.example"}}, {"openai_chat": "a.example/v1"}),
        ({"base_url": "https://one.example", "api_base_url": "https://two.example"}, {"openai_chat": "one.example/v1"}),
    ],
)
def test_where_a_provider_is(members: dict[str, Any], expected: dict[str, str]) -> None:
    assert places(compiled(**members)) == expected


def test_a_known_name_brings_its_preset() -> None:
    provider = compiled("openai", api_key="sk-1")
    assert (provider.preset, provider.display_name) == ("openai", "OpenAI")
    assert places(provider)["openai_chat"] == "api.openai.com/v1"
    assert provider.auth["openai_chat"] == "bearer"


def test_one_url_serves_all_protocols_of_a_preset_at_one_place() -> None:
    provider = compiled("mine", preset="openai", api_key="sk-1", base_url="https://proxy.example/v1")
    assert set(provider.endpoints) == {"openai_chat", "openai_responses"}
    assert set(places(provider).values()) == {"proxy.example/v1"}


def test_the_mock_may_be_played_elsewhere() -> None:
    ours = ["openai_chat", "openai_responses", "anthropic_messages"]
    assert places(compiled("mock")) == {**dict.fromkeys(ours, "127.0.0.1:4010/v1"), "gemini": "127.0.0.1:4010/v1beta"}
    assert compiled("mock").credential is None
    for url in ("http://10.0.0.7", "http://10.0.0.7/v1", "http://10.0.0.7/v1beta/"):
        there = {**dict.fromkeys(ours, "10.0.0.7/v1"), "gemini": "10.0.0.7/v1beta"}
        assert places(compiled("mock", base_url=url)) == there, "with all that it speaks"


@pytest.mark.parametrize(
    ("members", "auth"),
    [
        ({}, {"openai_chat": "bearer", "anthropic_messages": "x-api-key", "gemini": "x-goog-api-key"}),
        ({"auth": "api-key"}, dict.fromkeys(["openai_chat", "anthropic_messages", "gemini"], "api-key")),
        ({"auth": "none"}, dict.fromkeys(["openai_chat", "anthropic_messages", "gemini"], "none")),
    ],
)
def test_how_a_credential_is_sent(members: dict[str, Any], auth: dict[str, str]) -> None:
    urls = {name: f"https://{name}.example" for name in ("chat", "messages", "gemini")}
    assert compiled(base_url=urls, **members).auth == auth


def test_a_preset_without_credentials_takes_one_all_the_same() -> None:
    assert compiled("mock", api_key="sk-1").auth["anthropic_messages"] == "x-api-key"
    assert set(compiled("mock").auth.values()) == {"none"}


def test_all_members_arrive() -> None:
    provider = compiled(
        base_url="https://a.example", api_key="sk-1", display_name="Acme", enabled=False, models=["a*", "b"],
        headers={"X-Team": "blue"}, extra_body={"safe": True, "n": None}, timeouts={"connect": 1},
        tls={"ca_file": "ca.pem", "verify": False},
    )  # fmt: skip
    assert (provider.name, provider.display_name, provider.enabled, provider.models) == (
        "acme",
        "Acme",
        False,
        ("a*", "b"),
    )
    assert provider.headers == ((b"x-team", b"blue"),)
    assert {name: bytes(raw) for name, raw in provider.extra_body.items()} == {"safe": b"true", "n": b"null"}
    assert provider.timeouts.connect == 1
    tls = provider.endpoints["openai_chat"].origin.tls
    assert tls is not None
    assert (tls.ca_file, tls.verify) == ("ca.pem", False)
    assert provider.credential is not None
    assert "sk-1" not in repr(provider)


def test_a_providers_limits_stand_over_the_files() -> None:
    text = """
    timeouts: {idle: 10, total: 20}
    providers: {a: {base_url: https://a.example, timeouts: {idle: null}}, b: {base_url: https://b.example}}
    """
    found = load(text).snapshot.providers
    assert [(found[name].timeouts.idle, found[name].timeouts.total) for name in "ab"] == [(None, 20), (10, 20)]


@pytest.mark.parametrize(
    ("wire", "changed"),
    [
        (None, {}),
        (doc.Timeouts(), {}),
        (doc.Timeouts(idle=None), {"idle": None}),
        (doc.Timeouts(idle=7, first_token=1), {"idle": 7, "first_token": 1}),
        (doc.Timeouts(connect=None, total=None, total_stream=None), {}),
    ],
)
def test_null_switches_a_limit_off_but_for_those_that_must_be(
    wire: doc.Timeouts | None, changed: dict[str, Any]
) -> None:
    assert timeouts_of(wire, Timeouts()) == msgspec.structs.replace(Timeouts(), **changed)


def test_dialects_are_merged_owner_preset_file() -> None:
    preset = compiled("mock").dialects["openai_chat"]
    assert isinstance(preset, ChatDialect)
    assert preset.reasoning_field == "reasoning_content"
    merged = compiled("mock", dialect={"chat": {"max_tokens_field": "max_tokens"}}).dialects["openai_chat"]
    assert merged == msgspec.structs.replace(preset, max_tokens_field="max_tokens")
    over = compiled("mock", dialect={"openai_chat": {"reasoning_field": "reasoning"}}).dialects["openai_chat"]
    assert over == msgspec.structs.replace(preset, reasoning_field="reasoning")


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({}, "base_url is missing, and 'acme' is no known preset"),
        ({"base_url": 5}, "must be a URL, or a map from protocol to URL"),
        ({"base_url": ["https://a"]}, "must be a URL, or a map from protocol to URL"),
        ({"base_url": {"chat": 5}}, "a URL must be text"),
        ({"base_url": "a.example/v1"}, "is no base URL"),
        ({"base_url": "https://a.example:99999"}, "has no valid port"),
        ({"base_url": "https://a.example?x=1"}, "has a query"),
        (
            {"base_url": {"speak": "https://a.example"}},
            "there is no protocol 'speak'. Known: chat, responses, messages",
        ),
        ({"base_url": {"chat": "oauth://"}}, "subscription logins are not built"),
        ({"preset": "acne", "base_url": "https://a.example"}, "there is no preset 'acne'. Known: "),
        ({"preset": "openai"}, "api_key is missing"),
        ({"base_url": "https://a.example", "dialect": {"gopher": {}}}, "'gopher' has no dialect questions yet"),
        ({"base_url": "https://a.example", "dialect": {"chat": {"effort": "yes"}}}, "Questions: max_tokens_field"),
    ],
    ids=str,
)
def test_what_is_wrong_and_what_to_write(members: dict[str, Any], said: str) -> None:
    (line,) = mistakes(**members)
    assert said in line
    assert "providers.acme" in line


def test_a_provider_without_need_of_a_key_is_asked_for_none() -> None:
    assert compiled("x", preset="openai", auth="none").credential is None


@pytest.mark.parametrize(
    ("written", "compiled_to"),
    [
        ({}, None),
        ({"passthrough": False}, None),
        ({"passthrough": []}, None),
        ({"passthrough": True}, ()),
        ({"passthrough": ["/upload/v1beta", "/v1/files"]}, ("/upload/v1beta", "/v1/files")),
    ],
)
def test_raw_calls_are_closed_unless_opened(written: dict[str, Any], compiled_to: tuple[str, ...] | None) -> None:
    assert compiled(base_url="https://api.acme.example/v1", **written).passthrough == compiled_to


@pytest.mark.parametrize("path", ["v1", "/v1/", "/", "", "/v1?x", "/v%31", "//v1"])
def test_a_path_that_is_opened_is_a_plain_one(path: str) -> None:
    with pytest.raises(ConfigurationError, match="passthrough"):
        compiled(base_url="https://api.acme.example/v1", passthrough=[path])
