from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.configuration.support import SECRET, loaded, mistake, mistakes, snapshot

from plexus.configuration.errors import ConfigurationError
from plexus.configuration.load import revision_of
from plexus.configuration.secrets import key_digest
from plexus.domain.provider import Origin, TlsSettings

MISSION = """\
providers:
  openai:
    base_url: "https://api.openai.com"
    api_key: "${OPENAI_API_KEY}"

models:
  gpt-4o:
    aliases: ["gpt-4", "4o"]
    provider: openai
    model_id: "gpt-4o"

keys:
  admin-key-here:
    models: ["*"]
"""

FULL = """\
adminKey: "an-admin-key-of-some-length"
providers:
  openai:
    display_name: OpenAI (work)
    api_base_url: https://api.openai.com/v1
    api_key: sk-upstream
    enabled: true
    disable_cooldown: false
    discount: 0.1
    estimateTokens: true
    headers: { x-team: research }
    extraBody: { store: false, metadata: { a: [1, 2.5, null] } }
    models:
      gpt-4o:
        pricing: { source: simple, input: 2.5, output: 10, cached: 1.25, cache_write: 0 }
        access_via: [chat, responses]
        type: chat
      gpt-4o-mini: { pricing: { source: openrouter, slug: openai/gpt-4o-mini, discount: 0.05 } }
      o3: { pricing: { source: per_request, amount: 0.04 }, access_via: [responses] }
      text-embedding-3-small: { type: embeddings, access_via: [embeddings] }
      gpt-4.1:
        pricing:
          source: defined
          range:
            - { lower_bound: 0, upper_bound: 200000, input_per_m: 2, output_per_m: 8, cached_per_m: 1 }
            - { lower_bound: 200001, upper_bound: .inf, input_per_m: 4, output_per_m: 12, cache_write_per_m: 1 }
    quota_checker: { type: openai, enabled: true, intervalMinutes: 30, id: main, options: { a: 1 } }
  both:
    api_base_url:
      chat: https://both.example/v1
      messages: https://both.example/anthropic
      gemini: https://both.example/google
      embeddings: https://both.example/v1
      responses: https://both.example/v1
      transcriptions: https://both.example/v1
      speech: https://both.example/v1
      image: https://both.example/v1
    api_key: key-of-both
    models: [one, two]
models:
  smart:
    targets:
      - { provider: openai, model: gpt-4o, enabled: true }
      - { provider: both, model: one, enabled: false }
    selector: in_order
    priority: api_match
    additional_aliases: [clever, bright]
    type: chat
    advanced: [{ type: strip_adaptive_thinking, enabled: true }]
    metadata: { source: models.dev, source_path: openai/gpt-4o }
  cheap:
    targets: [{ provider: openai, model: gpt-4o-mini }]
    selector: cost
keys:
  laptop: { secret: sk-laptop-0123456789, comment: mine, quota: daily }
user_quotas:
  daily: { type: daily, limitType: tokens, limit: 100000 }
  weekly: { type: weekly, limitType: requests, limit: 1000 }
  rolling: { type: rolling, limitType: requests, limit: 10, duration: 1h }
failover:
  enabled: true
  retryableStatusCodes: [429, 500, 503]
  retryableErrors: [ECONNREFUSED, ETIMEDOUT, ENOTFOUND]
cooldown: { initialMinutes: 2, maxMinutes: 300 }
performanceExplorationRate: 0.05
latencyExplorationRate: 0.05
mcp_servers:
  files: { upstream_url: https://mcp.example/mcp, enabled: true, headers: { authorization: Bearer x } }
"""


def test_the_missions_example_works_as_printed() -> None:
    found = loaded(MISSION, {"OPENAI_API_KEY": "sk-upstream"})
    assert found.warnings == ()
    routes = found.snapshot.routes
    assert set(routes) == {"gpt-4o", "gpt-4", "4o"}
    assert routes["4o"] is routes["gpt-4o"] is routes["gpt-4"]
    (target,) = routes["gpt-4o"].targets
    assert (target.name, target.model, target.protocols[0]) == ("openai/gpt-4o", "gpt-4o", "openai_chat")
    endpoint = target.provider.endpoints["openai_chat"]
    assert (endpoint.origin, endpoint.prefix) == (Origin("api.openai.com", 443, TlsSettings()), "/v1")
    assert target.provider.credential is not None
    assert target.provider.credential.secret == "sk-upstream"
    assert routes["gpt-4o"].selector == "random"
    (key,) = found.snapshot.keys.values()
    assert key.digest == key_digest("admin-key-here", b"p" * 32)
    assert key.name == f"key-{key.digest.hex()[:8]}"
    assert key.allows("gpt-4o")
    assert key.allows("direct/openai/anything")


def test_the_fuller_dialect_loads() -> None:
    found = loaded(FULL)
    snapshot = found.snapshot
    assert found.admin_key == "an-admin-key-of-some-length"
    openai = snapshot.providers["openai"]
    assert openai.display_name == "OpenAI (work)"
    assert openai.headers == ((b"x-team", b"research"),)
    assert {name: bytes(value) for name, value in openai.extra_body.items()} == {
        "store": b"false",
        "metadata": b'{"a":[1,2.5,null]}',
    }
    assert openai.models == ("gpt-4o", "gpt-4o-mini", "o3", "text-embedding-3-small", "gpt-4.1")
    both = snapshot.providers["both"]
    assert {name: endpoint.prefix for name, endpoint in both.endpoints.items()} == {
        "openai_chat": "/v1",
        "anthropic_messages": "/anthropic/v1",
        "gemini": "/google/v1beta",
        "openai_embeddings": "/v1",
        "openai_responses": "/v1",
        "openai_transcriptions": "/v1",
        "openai_speech": "/v1",
        "openai_images": "/v1",
    }
    smart = snapshot.routes["clever"]
    assert (smart.name, smart.aliases, smart.selector, smart.api_match) == (
        "smart",
        ("clever", "bright"),
        "in_order",
        True,
    )
    assert [(target.name, target.enabled) for target in smart.targets] == [("openai/gpt-4o", True), ("both/one", False)]
    assert smart.targets[0].protocols == ("openai_chat", "openai_responses")
    assert snapshot.routes["cheap"].selector == "random"
    (key,) = snapshot.keys.values()
    assert (key.name, key.comment, key.models) == ("laptop", "mine", None)
    assert snapshot.failover.retryable_statuses == frozenset({429, 500, 503})


def test_every_member_without_effect_warns_exactly_once() -> None:
    warned = [warning.path for warning in loaded(FULL).warnings]
    assert len(warned) == len(set(warned))
    assert {re.sub(r"\.(openai|gpt-4o|smart|cheap|laptop)\b", ".*", path) for path in warned} == {
        "providers.*.disable_cooldown",
        "providers.*.discount",
        "providers.*.estimateTokens",
        "providers.*.quota_checker",
        "providers.*.models.*.pricing",
        "providers.*.models.*.type",
        "models.*.selector",
        "models.*.type",
        "models.*.advanced",
        "models.*.metadata",
        "keys.*.quota",
        "user_quotas",
        "failover.retryableErrors",
        "cooldown",
        "performanceExplorationRate",
        "latencyExplorationRate",
        "mcp_servers",
    }
    assert all("not in effect yet" in warning.message for warning in loaded(FULL).warnings)


def _snake(name: re.Match[str]) -> str:
    return re.sub(r"[A-Z]", lambda letter: "_" + letter[0].lower(), name[0])


def test_camel_case_and_snake_case_say_the_same() -> None:
    camel = re.compile(r"\b[a-z]+(?:[A-Z][a-z]+)+(?=:)")
    assert len(set(camel.findall(FULL))) == 11
    snakes = camel.sub(_snake, FULL)
    one, other = loaded(FULL), loaded(snakes)
    assert other.admin_key == one.admin_key
    assert len(other.warnings) == len(one.warnings)
    for part in ("providers", "routes", "keys", "failover"):
        assert getattr(other.snapshot, part) == getattr(one.snapshot, part)


def test_an_empty_file_is_a_configuration() -> None:
    for text in ("", "# nothing yet\n", "providers: {}"):
        assert snapshot(text).routes == {}


def test_revision_and_time() -> None:
    found = snapshot("providers: {}")
    assert found.revision == revision_of("providers: {}")
    assert re.fullmatch(r"[0-9a-f]{16}", found.revision)
    assert found.revision != revision_of("providers: {} ")
    assert found.loaded_at == 1_700_000_000


def test_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text("from-a-file\n")
    path = tmp_path / "plexus.yaml"
    path.write_text('providers: { acme: { base_url: "https://acme.example", api_key: "file:key.txt" } }')
    found = loaded(path)
    credential = found.snapshot.providers["acme"].credential
    assert credential is not None
    assert credential.secret == "from-a-file"
    assert found.files == (tmp_path / "key.txt",)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "there is no such file"), (b"\xff\xfe", "not UTF-8"), (b"providers: [", "no YAML")],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "plexus.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=message) as caught:
        loaded(path)
    assert str(path) in str(caught.value)


def test_all_mistakes_at_once_in_the_order_of_the_file() -> None:
    text = """\
providers:
  acme:
    base_url: ftp://acme.example
  other:
    base_url: https://other.example
    headrs: {}
    models: 5
models:
  a: { provider: acme }
  b: { provider: nobody }
  c: { provider: other, aliases: [a] }
keys:
  one: { secret: "${UNSET}" }
  two: { secret: short }
failovr: {}
"""
    assert [(problem.mark.line, problem.path) for problem in mistakes(text)] == [
        (3, "providers.acme.base_url"),
        (6, "providers.other.headrs"),
        (7, "providers.other.models"),
        (10, "models.b.provider"),
        (11, "models.c.aliases[0]"),
        (13, "keys"),
        (14, "keys.two.secret"),
        (15, "failovr"),
    ]


def test_free_members_at_the_top_are_for_anchors() -> None:
    text = """\
x-defaults: &defaults
  base_url: https://acme.example
  timeouts: { connect: 1 }
providers:
  acme: { <<: *defaults, display_name: Acme }
"""
    found = snapshot(text).providers["acme"]
    assert (found.display_name, found.timeouts.connect) == ("Acme", 1.0)
    assert mistake("y-defaults: {}").path == "y-defaults"


def test_numbers_and_switches_may_come_from_the_environment() -> None:
    text = 'providers: { acme: { base_url: "https://acme.example", enabled: "${ON}", timeouts: { connect: "${S:-2.5}" } } }'
    found = snapshot(text, {"ON": "false"}).providers["acme"]
    assert (found.enabled, found.timeouts.connect) == (False, 2.5)


def test_what_is_loaded_does_not_print_secrets() -> None:
    members = f'base_url: "https://a.example", api_key: {SECRET}, headers: {{ x-token: {SECRET} }}'
    found = loaded(f"adminKey: {SECRET}\nproviders: {{ acme: {{ {members} }} }}\nmodels: {{ m: {{ provider: acme }} }}")
    assert SECRET not in repr(found)
    assert SECRET not in repr(found.snapshot)
