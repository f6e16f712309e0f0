from __future__ import annotations

from typing import Any

import pytest
from tests.protocols.openai_chat.making import asking, decode, encode, raw

from plexus.canonical.content import CacheMark, Extras
from plexus.canonical.request import OutputFormat
from plexus.protocols.openai_chat import ChatDialect

USER = {"role": "user", "content": "Hi"}
SCHEMA = raw({"type": "object"})


@pytest.mark.parametrize(
    "wire",
    [
        {"type": "text"},
        {"type": "json_object"},
        {"type": "json_object", "odd": 1},
        {
            "type": "json_schema",
            "json_schema": {"name": "n", "description": "d", "schema": {"type": "object"}, "strict": True},
        },
        {"type": "json_schema", "json_schema": {"name": "n", "schema": {}, "odd": 1}},
        {"type": "grammar", "grammar": "x"},
    ],
)
def test_output_formats_come_out_as_they_went_in(wire: dict[str, Any]) -> None:
    body, losses = encode(decode({"messages": [USER], "response_format": wire}))
    assert body["response_format"] == wire
    assert losses == []


def test_an_output_format_of_others_gets_a_name() -> None:
    body, losses = encode(asking(output=OutputFormat(kind="json_schema", schema=SCHEMA)))
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": {"type": "object"}},
    }
    assert losses == []


@pytest.mark.parametrize(
    ("members", "dialect", "written", "losses"),
    [
        ({"max_output_tokens": 9}, ChatDialect(), {"max_completion_tokens": 9}, []),
        ({"max_output_tokens": 9}, ChatDialect(max_tokens_field="max_tokens"), {"max_tokens": 9}, []),
        ({"top_k": 9}, ChatDialect(), {}, [("top_k", "unsupported")]),
        ({"top_k": 9}, ChatDialect(supports_top_k=True), {"top_k": 9}, []),
        ({"temperature": 2.5}, ChatDialect(), {"temperature": 2}, [("temperature", "clamped")]),
        ({"stop": tuple("abcde")}, ChatDialect(), {"stop": list("abcd")}, [("stop", "clamped")]),
        ({"service_tier": "standard_only"}, ChatDialect(), {"service_tier": "default"}, []),
        ({"service_tier": "batch"}, ChatDialect(), {}, [("service_tier", "unsupported")]),
        ({"cache": CacheMark()}, ChatDialect(), {}, [("cache", "unsupported")]),
        (
            {"seed": 1, "candidates": 2},
            ChatDialect(refused_members=frozenset({"seed"})),
            {"n": 2},
            [("seed", "refused")],
        ),
        (
            {"output": OutputFormat(kind="json_schema", schema=SCHEMA)},
            ChatDialect(structured_output="json_object"),
            {"response_format": {"type": "json_object"}},
            [("output.schema", "approximated")],
        ),
        (
            {"extras": Extras("anthropic_messages", {"container": raw(1)})},
            ChatDialect(),
            {},
            [("container", "foreign")],
        ),
    ],
)
def test_settings_of_others(
    members: dict[str, Any], dialect: ChatDialect, written: dict[str, Any], losses: list[tuple[str, str]]
) -> None:
    body, found = encode(asking(**members), dialect)
    assert body == {"model": "m", "messages": [], **written}
    assert [(loss.path, loss.reason) for loss in found] == losses


def test_a_single_stop_becomes_a_list() -> None:
    assert encode(decode({"messages": [USER], "stop": "a"}))[0]["stop"] == ["a"]
