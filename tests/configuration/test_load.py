"""The whole way from a text to a snapshot, in both dialects."""

from __future__ import annotations

from pathlib import Path

from tests.builders import digest
from tests.configuration.loading import load

MISSION = """
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

FULLER = """
adminKey: admin-secret-1
x-anchors:
  fast: &fast { provider: both, model: small, weight: 3 }
providers:
  both:
    display_name: Both protocols
    api_base_url:
      chat: https://api.example.com/openai/v1
      messages: https://api.example.com/anthropic
    api_key: file:key.txt
    headers: { X-Team: blue }
    extraBody: { safe: true }
    estimateTokens: true
    discount: 0.1
    models:
      small: { pricing: { source: simple, input: 1, output: 2 }, access_via: [messages], type: chat }
      large: {}
    quota_checker: { type: naga, intervalMinutes: 5 }
  local:
    api_base_url: http://127.0.0.1:11434
    models: ["llama*"]
models:
  smart:
    targets:
      - *fast
      - { provider: local, model: llama3, enabled: false }
    selector: in_order
    priority: api_match
    additional_aliases: [clever]
    type: chat
    advanced: [{ type: strip_adaptive_thinking, enabled: true }]
    metadata: { source: openrouter, source_path: x }
keys:
  team-a: { secret: sk-team-a-secret-1, comment: A, quota: daily }
  team-b: { secret: sk-team-b-secret-1, models: ["smart", "direct/*"] }
user_quotas:
  daily: { type: daily, limitType: requests, limit: 100 }
failover: { enabled: true, retryableStatusCodes: [500, 502], retryableErrors: [ECONNREFUSED] }
cooldown: { initialMinutes: 2, maxMinutes: 300 }
performanceExplorationRate: 0.05
latencyExplorationRate: 0.05
mcp_servers:
  files: { upstream_url: http://127.0.0.1:9000, enabled: true, headers: {} }
"""


def test_the_missions_example_works_as_printed() -> None:
    loaded = load(MISSION, {"OPENAI_API_KEY": "sk-upstream"})
    snapshot = loaded.snapshot
    assert loaded.warnings == []
    assert set(snapshot.routes) == {"gpt-4o", "gpt-4", "4o"}
    (target,) = snapshot.routes["4o"].targets
    assert (target.name, target.provider.endpoints["openai_chat"].prefix) == ("openai/gpt-4o", "/v1")
    assert target.provider.endpoints["openai_chat"].origin.authority == "api.openai.com"
    assert target.provider.credential is not None
    assert target.provider.credential.secret == "sk-upstream"
    key = snapshot.keys[digest("admin-key-here")]
    assert key.name.startswith("key-")
    assert len(key.name) == len("key-") + 8
    assert key.allows("anything")
    assert "admin-key-here" not in key.name


def test_the_fuller_dialect_loads_with_a_warning_for_each_member_that_waits(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text("from-a-file\n")
    loaded = load(FULLER, folder=tmp_path)
    snapshot = loaded.snapshot
    assert loaded.admin_key == "admin-secret-1"
    both, local = snapshot.providers["both"], snapshot.providers["local"]
    assert both.credential is not None
    assert both.credential.secret == "from-a-file"
    assert {name: (end.origin.host, end.prefix) for name, end in both.endpoints.items()} == {
        "openai_chat": ("api.example.com", "/openai/v1"),
        "anthropic_messages": ("api.example.com", "/anthropic/v1"),
    }
    assert both.auth == {"openai_chat": "bearer", "anthropic_messages": "x-api-key"}
    assert both.headers == ((b"x-team", b"blue"),)
    assert local.models == ("llama*",)
    route = snapshot.routes["clever"]
    assert (route.name, route.selector, route.api_match) == ("smart", "in_order", True)
    fast, llama = route.targets
    assert (fast.weight, fast.protocols, bytes(fast.extra_body["safe"])) == (3, ("anthropic_messages",), b"true")
    assert not llama.enabled
    key = snapshot.keys[digest("sk-team-b-secret-1")]
    assert [key.allows(name) for name in ("smart", "direct/local/x", "other")] == [True, True, False]
    assert snapshot.failover.retryable_statuses == frozenset({500, 502})
    waiting = [(warning.path, warning.message) for warning in loaded.warnings]
    assert sorted(path for path, _ in waiting) == [
        "cooldown",
        "failover.retryableErrors",
        "keys.team-a.quota",
        "latencyExplorationRate",
        "mcp_servers",
        "models.smart.advanced",
        "models.smart.metadata",
        "models.smart.type",
        "performanceExplorationRate",
        "providers.both.discount",
        "providers.both.estimateTokens",
        "providers.both.models.small.pricing",
        "providers.both.models.small.type",
        "providers.both.quota_checker",
        "user_quotas",
    ]
    assert all("not in effect yet" in message for _, message in waiting)


def test_the_revision_follows_the_text() -> None:
    environ = {"OPENAI_API_KEY": "x"}
    assert load(MISSION, environ).snapshot.revision == load(MISSION, environ).snapshot.revision
    assert load(MISSION + "\n# more\n", environ).snapshot.revision != load(MISSION, environ).snapshot.revision


def test_a_file_of_mocks_alone_shows_its_key() -> None:
    text = "providers: { mock: { preset: mock } }\nkeys: { a: { secret: sk-shown-at-start } }"
    assert load(text).trial_key == "sk-shown-at-start"
    assert load(MISSION, {"OPENAI_API_KEY": "x"}).trial_key is None
