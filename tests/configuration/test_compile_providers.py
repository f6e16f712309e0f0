from __future__ import annotations

from pathlib import Path

import pytest
from tests.configuration.support import loaded, mistake, mistakes, provider, snapshot

from plexus.configuration.urls import read_address
from plexus.domain.provider import Timeouts, TlsSettings
from plexus.providers.presets import preset_names

URL = 'base_url: "https://acme.example"'


def test_the_least() -> None:
    found = provider(URL)
    assert (found.name, found.display_name, found.preset) == ("acme", "acme", None)
    assert found.models == ("*",)
    assert found.credential is None
    assert found.auth == {"openai_chat": "bearer"}
    assert found.timeouts == Timeouts()
    assert found.enabled


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_makes_a_provider(name: str) -> None:
    found = provider("api_key: x", name=name)
    assert found.preset == name
    assert found.endpoints


@pytest.mark.parametrize(
    ("members", "auth"),
    [
        ("base_url: { chat: 'https://a.example', messages: 'https://a.example' }", ("bearer", "x-api-key")),
        (
            "base_url: { chat: 'https://a.example', messages: 'https://a.example' }, auth: api-key",
            ("api-key", "api-key"),
        ),
        (
            "base_url: { chat: 'https://a.example', messages: 'https://a.example' }, auth: { messages: bearer }",
            ("bearer", "bearer"),
        ),
        ("preset: ollama", ("bearer", "bearer")),
        ("preset: ollama, auth: { messages: x-api-key }", ("bearer", "x-api-key")),
    ],
)
def test_auth(members: str, auth: tuple[str, str]) -> None:
    found = provider(members).auth
    assert (found["openai_chat"], found["anthropic_messages"]) == auth


@pytest.mark.parametrize(
    ("models", "globs"),
    [
        ("", ("*",)),
        (', models: ["*"]', ("*",)),
        (", models: [a, b-*]", ("a", "b-*")),
        (", models: { a: , b-*: {} }", ("a", "b-*")),
    ],
)
def test_models_that_direct_may_reach(models: str, globs: tuple[str, ...]) -> None:
    assert provider(URL + models).models == globs


def test_what_is_special_about_a_model() -> None:
    text = """\
timeouts: { connect: 1, idle: null }
providers:
  acme:
    base_url: { chat: https://a.example, messages: https://a.example }
    extra_body: { a: 1, b: 1 }
    timeouts: { total: 20 }
    models:
      "gpt-*": { access_via: [messages, chat] }
      gpt-4o: { extraBody: { b: 2 }, timeouts: { connect: 3 }, access_via: [messages] }
models:
  one: { provider: acme, model_id: gpt-4o }
  two: { provider: acme, model_id: gpt-5 }
  three: { provider: acme, model_id: other }
"""
    routes = loaded(text).snapshot.routes
    one, two, three = (routes[name].targets[0] for name in ("one", "two", "three"))
    assert one.protocols == ("anthropic_messages",)
    assert two.protocols == ("anthropic_messages", "openai_chat")
    assert three.protocols == ("openai_chat", "anthropic_messages")
    bodies = [{name: bytes(value) for name, value in target.extra_body.items()} for target in (one, two, three)]
    assert bodies == [{"a": b"1", "b": b"2"}, {"a": b"1", "b": b"1"}, {"a": b"1", "b": b"1"}]
    assert one.timeouts == Timeouts(connect=3, idle=None, total=20)
    assert two.timeouts == three.timeouts == Timeouts(connect=1, idle=None, total=20)


def test_headers_go_as_they_are_written() -> None:
    found = provider(URL + ", headers: { X-Team: a b, anthropic-version: 2023-06-01 }")
    assert found.headers == ((b"X-Team", b"a b"), (b"anthropic-version", b"2023-06-01"))


def test_tls(tmp_path: Path) -> None:
    path = tmp_path / "plexus.yaml"
    path.write_text(
        f"providers: {{ acme: {{ {URL}, tls: {{ ca_file: ca.pem, cert_file: /etc/c.pem, verify: false }} }} }}"
    )
    tls = loaded(path).snapshot.providers["acme"].endpoints["openai_chat"].origin.tls
    assert tls == TlsSettings(ca_file=str(tmp_path / "ca.pem"), cert_file="/etc/c.pem", key_file=None, verify=False)
    plain = provider('base_url: "http://acme.example", tls: { verify: false }')
    assert plain.endpoints["openai_chat"].origin.tls is None
    secure = provider("api_key: x, tls: { verify: false }", name="openai")
    assert secure.endpoints["openai_chat"].origin.tls == TlsSettings(verify=False)


def test_one_pool_for_all_protocols_of_a_host() -> None:
    found = provider("api_key: x", name="openai")
    assert len({endpoint.origin for endpoint in found.endpoints.values()}) == 1
    assert hash(read_address("https://a.example", TlsSettings()).origin)


@pytest.mark.parametrize(
    ("members", "missing"),
    [
        ("", True),
        ("base_url: https://api.openai.com/v1", True),
        ("enabled: false", False),
        ("headers: { Authorization: Bearer x }", False),
        ("base_url: http://127.0.0.1:9/v1", False),
        ("api_key: x", False),
    ],
)
def test_a_preset_that_wants_a_key(members: str, missing: bool) -> None:
    found = mistakes(f"providers: {{ openai: {{ {members} }} }}")
    assert [str(problem) for problem in found] == (
        [
            (
                "line 1, column 14: providers.openai: has no `api_key`, and OpenAI wants one. "
                'Add `api_key: "${OPENAI_API_KEY}"`.'
            )
        ]
        if missing
        else []
    )


@pytest.mark.parametrize(
    ("name", "members", "path", "message"),
    [
        ("acme", "", "", "has no `base_url`, and there is no preset of its name."),
        ("acme", "preset: opnai", ".preset", "there is no such preset."),
        ("a/b", URL, "", "a provider's name has no spaces and no slash."),
        ('"a b"', URL, "", "a provider's name has no spaces and no slash."),
        ("acme", "base_url: {}", ".base_url", "names no protocol."),
        (
            "acme",
            "base_url: { chat: 'https://a.example', openai_chat: 'https://a.example' }",
            ".base_url.openai_chat",
            "is the same protocol as `chat`.",
        ),
        ("acme", URL + ', api_key: ""', ".api_key", "is empty."),
        (
            "acme",
            URL + ', api_key: "a\\nb"',
            ".api_key",
            "has characters that no header can carry, or spaces around it.",
        ),
        ("acme", URL + ', api_key: " a"', ".api_key", "has characters that no header can carry, or spaces around it."),
        ("acme", URL + ", auth: { messages: bearer }", ".auth.messages", "this provider does not speak this protocol."),
        ("acme", URL + ", headers: { a b: c }", ".headers.a b", "is no name of a header."),
        ("acme", URL + ", headers: { Host: c }", ".headers.Host", "belongs to the connection, which is ours."),
        ("acme", URL + ', headers: { a: "b\\r\\nc: d" }', ".headers.a", "has characters that no header can carry."),
        ("acme", URL + ", extraBody: { model: x }", ".extraBody.model", "is set by Plexus."),
        ("acme", URL + ", extra_body: { stream: true }", ".extra_body.stream", "is set by Plexus."),
        (
            "acme",
            URL + ", extra_body: { a: [{ b: .inf }] }",
            ".extra_body.a",
            "holds a number that JSON does not have.",
        ),
        ("acme", URL + ', extra_body: { a: "\\ud800" }', ".extra_body.a", "holds text that is no Unicode."),
        ('"a\\x07b"', URL, "", "a provider's name has no spaces and no slash."),
        (
            "acme",
            URL + ", models: { x: { access_via: [messages] } }",
            ".models.x.access_via[0]",
            "this provider does not speak this protocol.",
        ),
        (
            "acme",
            URL + ", models: { x: { extra_body: { model: 1 } } }",
            ".models.x.extra_body.model",
            "is set by Plexus.",
        ),
    ],
)
def test_mistakes(name: str, members: str, path: str, message: str) -> None:
    problem = mistake(f"providers: {{ {name}: {{ {members} }} }}")
    assert (problem.path, problem.message) == (f"providers.{name.strip(chr(34))}{path}", message)


def test_a_preset_that_does_not_exist_is_explained() -> None:
    assert mistake("providers: { acme: { preset: opnai } }").advice == "Did you mean `openai`?"


def test_a_provider_without_members() -> None:
    assert set(snapshot("providers: { ollama: , mock: {} }").providers) == {"ollama", "mock"}


def test_secrets_stay_out_of_messages() -> None:
    for secret in ("sk-hidden\x01", "sk-hiddén "):
        found = mistakes(f'providers: {{ acme: {{ {URL}, api_key: "${{KEY}}" }} }}', {"KEY": secret})
        assert "hidd" not in "".join(map(str, found))
