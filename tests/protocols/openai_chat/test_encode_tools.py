from __future__ import annotations

import json
from typing import Any

import pytest
from tests.protocols.properties import inbound

from plexus.protocols.openai_chat import CODEC
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.registry import CODECS

ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
TOOL = {"type": "function", "function": {"name": "look"}}
SERVER_TOOL = {"type": "web_search_20250305", "name": "web_search"}


def write(document: dict[str, Any], dialect: ChatDialect | None = None, protocol: str = "openai_chat") -> Any:
    request = CODECS[protocol, "generate"].decode_request(inbound(document))
    outbound, losses = CODEC.encode_request(request, dialect or ChatDialect())
    return json.loads(outbound.body), [loss.path for loss in losses]


def test_without_tools_no_choice_is_sent() -> None:
    body, _ = write({**ASK, "tool_choice": "auto", "parallel_tool_calls": False})
    assert set(body) == {"model", "messages"}
    body, _ = write({**ASK, "tools": [TOOL], "tool_choice": "auto", "parallel_tool_calls": False})
    assert (body["tool_choice"], body["parallel_tool_calls"]) == ("auto", False)


def test_a_tool_that_only_another_provider_runs_is_a_loss_and_so_is_its_choice_gone() -> None:
    asked = {**ASK, "max_tokens": 9, "tools": [SERVER_TOOL], "tool_choice": {"type": "auto"}}
    body, losses = write(asked, protocol="anthropic_messages")
    assert "tools" not in body
    assert "tool_choice" not in body
    assert losses == ["tools[0]"]


def test_the_older_functions_come_back_as_they_were() -> None:
    asked = {**ASK, "functions": [{"name": "look"}], "function_call": {"name": "look"}}
    assert write(asked)[0] == asked


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        ("none", "none"),
        ("required", "required"),
        ({"type": "function", "function": {"name": "look"}}, {"type": "function", "function": {"name": "look"}}),
        ({"type": "custom", "custom": {"name": "look"}}, {"type": "custom", "custom": {"name": "look"}}),
    ],
)
def test_a_choice_is_written_in_its_own_words(choice: Any, written: Any) -> None:
    assert write({**ASK, "tools": [TOOL], "tool_choice": choice})[0]["tool_choice"] == written


def test_a_choice_of_a_free_text_tool_names_the_function_that_stands_for_it() -> None:
    custom = {"type": "custom", "custom": {"name": "shell"}}
    body, _ = write({**ASK, "tools": [custom], "tool_choice": custom}, ChatDialect(custom_tools=False))
    assert body["tool_choice"] == {"type": "function", "function": {"name": "shell"}}
