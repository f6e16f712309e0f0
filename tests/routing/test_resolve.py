from __future__ import annotations

from random import Random
from typing import Any

import pytest
from tests.builders import key, provider, route, snapshot, target

from plexus.canonical.errors import ClientError, ErrorKind
from plexus.routing.plan import Plan
from plexus.routing.resolve import resolve, visible_models

CHAT, MESSAGES = provider("a"), provider("b", protocols=("anthropic_messages",))
ROUTES = (
    route("smart", target(CHAT), target(MESSAGES, "m2"), aliases=("gpt-4", "4o")),
    route("off", target(CHAT, enabled=False), target(provider("c", enabled=False))),
    route("matched", target(CHAT), target(MESSAGES, "m2"), api_match=True),
)


def plan(model: str, *, protocol: str = "openai_chat", models: str | None = None, **members: Any) -> Plan:
    holder = key(models=models)
    return resolve(model, protocol, holder, snapshot(*ROUTES, keys=(holder,), **members), Random(1))


def refusal(model: str, **members: Any) -> ErrorKind:
    with pytest.raises(ClientError) as refused:
        plan(model, **members)
    return refused.value.kind


def test_a_name_and_its_aliases_lead_to_the_same_targets_in_order() -> None:
    for name in ("smart", "gpt-4", "4o"):
        found = plan(name)
        assert (found.model, [one.name for one in found.targets], found.reason) == (
            "smart",
            ["a/m1", "b/m2"],
            "in_order",
        )


def test_direct_reaches_a_providers_own_model() -> None:
    found = plan("direct/b/org/claude-x")
    assert found.model == "direct/b/org/claude-x"
    assert [one.name for one in found.targets] == ["b/org/claude-x"]
    assert found.targets[0].protocols == ("anthropic_messages",)


def test_direct_keeps_to_the_providers_globs() -> None:
    only = provider("narrow", models=("good-*",))
    routes = (route("r", target(only)),)
    holder = key()
    where = snapshot(*routes, keys=(holder,))
    assert resolve("direct/narrow/good-1", "openai_chat", holder, where, Random(1)).targets[0].model == "good-1"
    with pytest.raises(ClientError):
        resolve("direct/narrow/bad-1", "openai_chat", holder, where, Random(1))


@pytest.mark.parametrize("name", ["nope", "m1", "a/m1", "direct/", "direct/a", "direct/a/", "direct/nope/m", ""])
def test_nothing_else_resolves(name: str) -> None:
    assert refusal(name) is ErrorKind.MODEL_UNKNOWN


def test_a_keys_globs_see_the_name_behind_the_alias() -> None:
    assert plan("gpt-4", models="smart").model == "smart"
    assert refusal("gpt-4", models="gpt-4") is ErrorKind.KEY_FORBIDDEN
    assert refusal("direct/a/m1", models="smart") is ErrorKind.KEY_FORBIDDEN
    assert plan("direct/a/m1", models="direct/a/.*").targets[0].name == "a/m1"


def test_disabled_targets_and_providers_are_left_out() -> None:
    assert refusal("off") is ErrorKind.UNAVAILABLE


def test_api_match_puts_the_clients_protocol_first() -> None:
    assert [one.name for one in plan("matched", protocol="anthropic_messages").targets] == ["b/m2", "a/m1"]
    assert [one.name for one in plan("matched", protocol="openai_chat").targets] == ["a/m1", "b/m2"]


def test_a_key_sees_only_the_models_that_it_may_use() -> None:
    where = snapshot(*ROUTES)
    assert [one.name for one in visible_models(key(), where)] == ["smart", "off", "matched"]
    assert [one.name for one in visible_models(key(models="sm.*"), where)] == ["smart"]
