from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.builders import digest
from tests.configuration.loading import load, problems

from plexus.configuration.compile import raw_members
from plexus.configuration.load import Loaded
from plexus.configuration.problems import ConfigurationError
from plexus.domain.snapshot import Failover, Retention

PROVIDERS: dict[str, Any] = {
    "a": {"base_url": {"chat": "https://a.example", "messages": "https://a.example"}},
    "b": {"base_url": "https://b.example", "timeouts": {"idle": 9}, "extra_body": {"x": 1, "y": 1}},
}


def compiled(**members: Any) -> Loaded:
    return load(msgspec.json.encode({"providers": PROVIDERS, **members}).decode())


def mistakes(**members: Any) -> list[str]:
    return problems(msgspec.json.encode({"providers": PROVIDERS, **members}).decode())


def test_one_provider_is_one_target() -> None:
    loaded = compiled(models={"m": {"provider": "a", "model_id": "m-1"}, "n": {"provider": "a"}})
    (target,) = loaded.snapshot.routes["m"].targets
    assert (target.name, target.model, target.provider.name) == ("a/m-1", "m-1", "a")
    assert loaded.snapshot.routes["n"].targets[0].model == "n", "the public name by default"


def test_targets_keep_their_order_and_their_weights() -> None:
    targets = [{"provider": "b", "model": "x", "weight": 3}, {"provider": "a", "model": "y", "enabled": False}]
    route = compiled(models={"m": {"targets": targets}}).snapshot.routes["m"]
    assert [(each.name, each.weight, each.enabled) for each in route.targets] == [("b/x", 3, True), ("a/y", 1, False)]


@pytest.mark.parametrize(
    ("selector", "expected"), [(None, "random"), ("random", "random"), ("in_order", "in_order"), ("latency", "random")]
)
def test_the_selector(selector: str | None, expected: str) -> None:
    members = {} if selector is None else {"selector": selector}
    loaded = compiled(models={"m": {"provider": "a", **members}})
    assert loaded.snapshot.routes["m"].selector == expected
    assert bool(loaded.warnings) == (selector == "latency"), "one that waits is a warning"


def test_every_name_of_a_route_leads_to_it() -> None:
    routes = compiled(
        models={"m": {"provider": "a", "aliases": ["n", "m", "n"], "additional_aliases": ["o"]}}
    ).snapshot.routes
    assert set(routes) == {"m", "n", "o"}
    assert len({id(route) for route in routes.values()}) == 1
    assert routes["m"].aliases == ("n", "o"), "its own name and repetitions are none"


def test_settings_of_a_route() -> None:
    route = compiled(
        models={
            "m": {
                "provider": "b", "priority": "api_match", "max_output_tokens": 7, "fallback_on_content_filter": True,
                "timeouts": {"total": 5}, "extra_body": {"y": 2, "z": None},
            }
        }
    ).snapshot.routes["m"]  # fmt: skip
    assert (route.api_match, route.max_output_tokens, route.fallback_on_content_filter) == (True, 7, True)
    (target,) = route.targets
    assert (target.timeouts.total, target.timeouts.idle) == (5, 9), "the route's limits over the provider's"
    assert {name: bytes(raw) for name, raw in target.extra_body.items()} == {"x": b"1", "y": b"2", "z": b"null"}


@pytest.mark.parametrize(
    ("via", "protocols"),
    [
        (None, ("openai_chat", "anthropic_messages")),
        ([], ("openai_chat", "anthropic_messages")),
        (["messages", "chat"], ("anthropic_messages", "openai_chat")),
        (["messages"], ("anthropic_messages",)),
        (["anthropic_messages", "gemini"], ("anthropic_messages",)),
    ],
)
def test_which_protocols_reach_a_model(via: list[str] | None, protocols: tuple[str, ...]) -> None:
    provider = {**PROVIDERS["a"], "models": {"m": {} if via is None else {"access_via": via}}}
    loaded = compiled(providers={"a": provider}, models={"m": {"provider": "a"}})
    assert loaded.snapshot.routes["m"].targets[0].protocols == protocols


def test_a_target_that_speaks_nothing_of_ours_is_a_warning() -> None:
    provider = {"base_url": {"speech": "https://a.example"}}
    loaded = compiled(providers={"a": provider}, models={"m": {"provider": "a"}})
    (warning,) = loaded.warnings
    assert warning.path == "models.m.provider"
    assert "speech is not spoken yet" in warning.message


# --- keys


def test_keys_by_name_with_their_secrets() -> None:
    loaded = compiled(keys={"team": {"secret": "sk-team-secret-1", "comment": "c", "strict": True, "enabled": False}})
    key = loaded.snapshot.keys[digest("sk-team-secret-1")]
    assert (key.name, key.comment, key.strict, key.enabled) == ("team", "c", True, False)
    assert "sk-team-secret-1" not in repr(loaded.snapshot)


def test_keys_named_by_their_secret_get_a_name_that_tells_nothing() -> None:
    keys = compiled(keys={"sk-named-by-it-1": {}, "sk-named-by-it-2": None}).snapshot.keys
    names = {key.name for key in keys.values()}
    assert len(names) == 2
    assert all(name.startswith("key-") and len(name) == 12 and "sk" not in name for name in names)


@pytest.mark.parametrize(
    ("globs", "allowed", "refused"),
    [
        (None, ["a", "b/c", ""], []),
        (["*"], ["a", "direct/x"], []),
        (["a", "*"], ["z"], []),
        (["gpt-*"], ["gpt-4o", "gpt-"], ["gpt", "x-gpt-4", "GPT-4"]),
        (["a?", "b[12]"], ["ab", "b1"], ["a", "abc", "b3"]),
        (["a.b"], ["a.b"], ["axb"]),
        (["a\nb"], ["a\nb"], ["a"]),
        ([], [], ["a", "", "*"]),
    ],
)
def test_which_models_a_key_may_use(globs: list[str] | None, allowed: list[str], refused: list[str]) -> None:
    (key,) = compiled(keys={"k": {"secret": "sk-long-enough-1", "models": globs}}).snapshot.keys.values()
    assert all(key.allows(name) for name in allowed)
    assert not any(key.allows(name) for name in refused)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"models": {"m": {"provider": "c"}}}, "models.m.provider: there is no provider 'c'. Known: a, b."),
        (
            {"models": {"m": {"targets": [{"provider": "c", "model": "x"}]}}},
            "models.m.targets[0]: there is no provider",
        ),
        ({"providers": {}, "models": {"m": {"provider": "c"}}}, "Known: none is configured."),
        ({"models": {"m": {"targets": []}}}, "models.m: has no target"),
        (
            {"models": {"m": {"provider": "a", "targets": [{"provider": "b", "model": "x"}]}}},
            "both provider and targets",
        ),
        ({"models": {"m": {"provider": "a", "aliases": ["n"]}, "n": {"provider": "a"}}}, "'n' is taken twice"),
        (
            {"models": {"m": {"provider": "a", "aliases": ["x"]}, "n": {"provider": "a", "aliases": ["x"]}}},
            "models.n: the name 'x' is taken twice",
        ),
        ({"keys": {"k": {"secret": "12345678901"}}}, "keys.k: the secret has fewer than 12 characters"),
        ({"keys": {"k": {"secret": "sk-label:enough"}}}, "keys.k: the secret holds a colon"),
        (
            {"keys": {"k": {"secret": "sk-the-same-one"}, "l": {"secret": "sk-the-same-one"}}},
            "keys.l: another key has the same",
        ),
        ({"keys": {"k": {"secret": "sk-long-enough-1"}, "sk-long-enough-2": {}}}, "for all of them, or for none"),
    ],
    ids=str,
)
def test_what_does_not_fit_together(members: dict[str, Any], said: str) -> None:
    (line,) = mistakes(**members)
    assert said in line
    assert "the-same-one" not in line


def test_all_mistakes_come_at_once_in_the_files_order() -> None:
    found = mistakes(models={"m": {"provider": "c"}, "n": {}}, keys={"k": {"secret": "short"}})
    assert [line.split(": ")[1] for line in found] == ["models.m.provider", "models.n", "keys.k"]


# --- the rest


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        ({}, Failover()),
        ({"retryable_status_codes": [500, 429]}, Failover(retryable_statuses=frozenset({429, 500}))),
        ({"retryable_status_codes": []}, Failover(retryable_statuses=frozenset())),
        (
            {"enabled": False, "retries": 0, "max_attempts": 2, "patience": 0},
            Failover(enabled=False, retries=0, max_attempts=2, patience=0),
        ),
    ],
)
def test_failover(wire: dict[str, Any], expected: Failover) -> None:
    assert compiled(failover=wire).snapshot.failover == expected


def test_what_is_kept_of_responses() -> None:
    assert compiled().snapshot.retention == Retention(store=True, responses_days=30.0, conversations_days=None)
    wire = {"store": False, "retention_days": None, "conversation_retention_days": 7}
    expected = Retention(store=False, responses_days=None, conversations_days=7)
    assert compiled(responses=wire).snapshot.retention == expected


def test_limits_and_heartbeats() -> None:
    snapshot = compiled(heartbeat_seconds=None, limits={"max_body_bytes": 5}).snapshot
    assert (snapshot.heartbeat_seconds, snapshot.max_body_bytes) == (None, 5)
    assert snapshot.loaded_at > 0


def test_members_as_raw_json() -> None:
    assert {name: bytes(raw) for name, raw in raw_members({"a": [1, None], "b": "é"}).items()} == {
        "a": b"[1,null]",
        "b": '"é"'.encode(),
    }


def test_a_key_passes_nothing_through_unless_it_may() -> None:
    keys = {"one": {"secret": "sk-team-secret-1"}, "two": {"secret": "sk-team-secret-2", "passthrough": True}}
    found = compiled(keys=keys).snapshot.keys
    assert {key.name: key.passthrough for key in found.values()} == {"one": False, "two": True}


def test_how_much_of_an_upload_is_kept() -> None:
    assert compiled().snapshot.keep_upload_bytes == 32 * 1024 * 1024
    assert compiled(limits={"keep_upload_bytes": 65_536}).snapshot.keep_upload_bytes == 65_536
    with pytest.raises(ConfigurationError, match="keep_upload_bytes"):
        compiled(limits={"keep_upload_bytes": 65_535})
