"""Which targets serve which operation, in which protocol, over the registry's own codecs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.builders import key, provider, route, snapshot, target
from tests.exchange.parts import json_reply, lab

from plexus.canonical.errors import ClientError
from plexus.exchange.serving import choose_codec, dialect_of, keep_serving
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.registry import CODECS, PROVIDER_CODECS
from plexus.routing.plan import Plan

CHAT, GEMINI, COHERE, MESSAGES = "openai_chat", "gemini", "cohere", "anthropic_messages"
JINA = ChatDialect(rerank="top_n", operations=frozenset({"embed", "rerank"}))


def of(*protocols: str, chat: ChatDialect | None = None, name: str = "acme") -> Any:
    dialects: dict[str, msgspec.Struct] = {} if chat is None else {CHAT: chat}
    return target(provider(name, protocols=protocols, dialects=dialects))


@pytest.mark.parametrize(
    ("client", "operation", "asked", "found"),
    [
        (CHAT, "embed", of(GEMINI, CHAT), CHAT),
        (CHAT, "embed", of(MESSAGES, GEMINI, COHERE), GEMINI),
        (GEMINI, "embed", of(COHERE, CHAT), COHERE),
        (CHAT, "embed", of(MESSAGES), None),
        (CHAT, "rerank", of(CHAT), None),
        (CHAT, "rerank", of(CHAT, COHERE), COHERE),
        (CHAT, "rerank", of(CHAT, COHERE, chat=JINA), CHAT),
        (COHERE, "rerank", of(CHAT, chat=JINA), CHAT),
        (CHAT, "moderate", of(CHAT, chat=JINA), None),
        (CHAT, "moderate", of(GEMINI), None),
        (CHAT, "generate", of(CHAT, chat=JINA), None),
        (MESSAGES, "generate", of(CHAT, GEMINI), CHAT),
        (MESSAGES, "generate", of("ollama"), "ollama"),
    ],
)
def test_the_clients_own_protocol_else_the_first_that_serves(
    client: str, operation: str, asked: Any, found: str | None
) -> None:
    codec = choose_codec(CODECS[client, operation], asked, PROVIDER_CODECS)
    assert (codec.protocol if codec else None) == found
    if codec is not None:
        assert codec.operation == operation


def test_the_dialect_is_the_targets_else_the_owners() -> None:
    codec = CODECS[CHAT, "embed"]
    assert dialect_of(of(CHAT, chat=JINA), codec) is JINA
    assert dialect_of(of(CHAT), codec) == ChatDialect()


def plan(*targets: Any) -> Plan:
    return Plan("m", route("m", *targets), targets, "in_order")


def test_targets_that_do_not_serve_it_are_left_out() -> None:
    speaks, serves = of(CHAT), of(CHAT, chat=JINA, name="jina")
    kept = keep_serving(plan(speaks, serves), CODECS[CHAT, "rerank"], PROVIDER_CODECS)
    assert (kept.targets, kept.reason) == ((serves,), "in_order, serves rerank")
    whole = plan(speaks, of(GEMINI))
    assert keep_serving(whole, CODECS[CHAT, "embed"], PROVIDER_CODECS) is whole
    assert keep_serving(plan(serves), CODECS[CHAT, "generate"], PROVIDER_CODECS).targets == (serves,)


def test_none_left_is_a_400_that_names_the_operation() -> None:
    with pytest.raises(ClientError) as refused:
        keep_serving(plan(of(CHAT)), CODECS[COHERE, "rerank"], PROVIDER_CODECS)
    assert (refused.value.param, refused.value.code) == ("model", "operation_not_served")
    assert "'rerank'" in refused.value.message


async def test_a_provider_that_only_embeds_is_passed_over_for_a_chat() -> None:
    both = snapshot(route("chat", of(CHAT, chat=JINA, name="jina"), of(CHAT, name="two")), keys=(key(),))
    bench = lab(json_reply(), of=both)
    record = await bench.ask()
    assert [(one.provider, one.error) for one in record.attempts] == [("jina", "upstream_model_unknown"), ("two", None)]
