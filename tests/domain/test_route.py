from __future__ import annotations

import msgspec
from tests.builders import provider

from plexus.domain.provider import ModelRule, Timeouts
from plexus.domain.route import target_of

RAW = {"a": msgspec.Raw(b"1")}


def test_a_target_has_what_the_provider_says() -> None:
    one = provider(protocols=("openai_chat", "anthropic_messages"), extra_body=RAW, timeouts=Timeouts(connect=1))
    target = target_of(one, "m", weight=2.0, enabled=False)
    assert (target.name, target.provider, target.model) == ("acme/m", one, "m")
    assert target.protocols == ("openai_chat", "anthropic_messages")
    assert (target.extra_body, target.timeouts.connect) == (RAW, 1)
    assert (target.weight, target.enabled) == (2.0, False)


def test_the_first_rule_that_matches_wins() -> None:
    rules = (
        ModelRule(match="m1", protocols=("anthropic_messages",), extra_body=RAW, timeouts=Timeouts(connect=2)),
        ModelRule(match="m*", timeouts=Timeouts(connect=3)),
    )
    one = provider(protocols=("openai_chat", "anthropic_messages"), model_rules=rules)
    exact, glob, none = (target_of(one, model) for model in ("m1", "m2", "x"))
    assert (exact.protocols, exact.extra_body, exact.timeouts.connect) == (("anthropic_messages",), RAW, 2)
    assert (glob.protocols, glob.extra_body, glob.timeouts.connect) == (tuple(one.endpoints), {}, 3)
    assert none.timeouts == one.timeouts
