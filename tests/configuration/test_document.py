from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel

from plexus.configuration import document as doc
from plexus.configuration.document import NOT_IN_EFFECT, PROTOCOL_NAMES, Document

MODELS = [
    model for model in vars(doc).values() if isinstance(model, type) and issubclass(model, doc.Model) and model is not doc.Model
]  # fmt: skip


def read(**members: Any) -> Document:
    return Document.model_validate(members)


def test_an_empty_file_has_every_default() -> None:
    document = read()
    assert (document.providers, document.models, document.keys) == ({}, {}, {})
    assert document.failover == doc.Failover()
    assert document.heartbeat_seconds == 15.0
    assert document.limits.max_body_bytes == 64 * 1024 * 1024


@pytest.mark.parametrize("member", ["providers", "models", "keys"])
def test_a_member_without_a_value_is_empty(member: str) -> None:
    assert getattr(read(**{member: None}), member) == {}


def test_a_heartbeat_can_be_switched_off() -> None:
    assert read(heartbeat_seconds=None).heartbeat_seconds is None


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_both_spellings_of_every_member(model: type[BaseModel]) -> None:
    for name in model.model_fields:
        outcomes = []
        for spelling in (name, to_camel(name)):
            try:
                model.model_validate({spelling: object()})
                outcomes.append("taken")
            except ValidationError as wrong:
                outcomes.append(
                    "unknown" if any(each["type"] == "extra_forbidden" for each in wrong.errors()) else "taken"
                )
        assert outcomes == ["taken", "taken"], name


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_unknown_members_are_errors_and_every_member_is_described(model: type[BaseModel]) -> None:
    with pytest.raises(ValidationError) as refused:
        model.model_validate({"no_such_member": 1})
    assert "extra_forbidden" in {error["type"] for error in refused.value.errors()}
    for name, field in model.model_fields.items():
        assert field.exclude or (field.description or "").endswith((".", "`.")), f"{model.__name__}.{name}"


@pytest.mark.parametrize(
    "members",
    [
        {"failover": {"retries": 6}},
        {"failover": {"retries": -1}},
        {"failover": {"max_attempts": 0}},
        {"failover": {"max_attempts": 21}},
        {"failover": {"patience": -1}},
        {"timeouts": {"connect": 0}},
        {"timeouts": {"total": -5}},
        {"heartbeat_seconds": 0},
        {"limits": {"max_body_bytes": 0}},
        {"performance_exploration_rate": 1.5},
        {"providers": {"a": {"discount": 2}}},
        {"providers": {"a": {"auth": "magic"}}},
        {"models": {"m": {"selector": "fastest"}}},
        {"models": {"m": {"priority": "first"}}},
        {"models": {"m": {"targets": [{"provider": "a"}]}}},
        {"models": {"m": {"targets": [{"provider": "a", "model": "x", "weight": 0}]}}},
        {"models": {"m": {"max_output_tokens": 0}}},
        {"keys": {"k": {"models": "m"}}},
        {"keys": []},
        {"user_quotas": {"q": {"type": "monthly", "limit_type": "requests", "limit": 1}}},
        {"user_quotas": {"q": {"type": "daily", "limit_type": "requests", "limit": 0}}},
    ],
    ids=str,
)
def test_values_outside_their_range_are_refused(members: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(**members)


@pytest.mark.parametrize(
    ("models", "names"),
    [(None, None), (["a", "b*"], ["a", "b*"]), ({"a": None, "b": {"type": "chat"}}, ["a", "b"]), ([], [])],
)
def test_a_providers_models_as_a_list_or_as_a_map(models: Any, names: list[str] | None) -> None:
    found = read(providers={"p": {"models": models}}).providers["p"].models
    assert (None if found is None else list(found)) == names


@pytest.mark.parametrize("member", ["headers", "extra_body"])
def test_members_without_a_value_in_a_provider(member: str) -> None:
    assert getattr(read(providers={"p": {member: None}}).providers["p"], member) == {}


def test_a_key_without_members() -> None:
    key = read(keys={"sk-named-by-its-secret": None}).keys["sk-named-by-its-secret"]
    assert (key.secret, key.models, key.enabled, key.strict) == (None, None, True, False)


def test_every_waiting_member_exists() -> None:
    """What is warned about must be in the model, or the warning can never come."""
    for pattern in NOT_IN_EFFECT:
        place = pattern.partition("=")[0].split(".")
        assert place[0] in Document.model_fields, pattern


def test_protocols_have_short_names() -> None:
    assert PROTOCOL_NAMES["chat"] == "openai_chat"
    assert PROTOCOL_NAMES["messages"] == "anthropic_messages"
    assert all(name.islower() for pair in PROTOCOL_NAMES.items() for name in pair)
