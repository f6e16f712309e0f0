from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.protocols.properties import inbound

from plexus.canonical.errors import ClientError
from plexus.canonical.losses import Losses
from plexus.canonical.request import CustomTool, FunctionTool, ServerTool, ToolChoice
from plexus.protocols.openai_responses import CODEC
from plexus.protocols.openai_responses.tools import encode_tool_choice, encode_tools
from plexus.protocols.registry import CODECS

SPACE = {
    "type": "namespace",
    "name": "n",
    "description": "d",
    "tools": [{"type": "function", "name": "f", "strict": False}, {"type": "custom", "name": "c"}],
}
OTHER_SPACE = {**SPACE, "name": "o"}
FUNCTION = {"type": "function", "name": "f", "parameters": {"type": "object"}}


def request(**more: Any) -> Any:
    return CODEC.decode_request(inbound({"model": "m", "input": "hi", **more}))


def written(tools: list[Any]) -> Any:
    return json.loads(msgspec.json.encode(encode_tools(request(tools=tools), Losses())))


def test_namespaces_are_flattened_and_put_together_again() -> None:
    tools = [SPACE, OTHER_SPACE, FUNCTION, SPACE, {"type": "web_search"}]
    found = request(tools=tools).tools
    assert [tool.name for tool in found] == ["n__f", "n__c", "o__f", "o__c", "f", "n__f", "n__c", None]
    assert written(tools) == tools


def test_a_namespace_of_unknown_tools_stays_whole() -> None:
    strange = {**SPACE, "tools": [{"type": "telepathy"}]}
    (tool,) = request(tools=[strange]).tools
    assert isinstance(tool, ServerTool)
    assert written([strange]) == [strange]


def test_kinds() -> None:
    function, custom, server = request(tools=[FUNCTION, {"type": "custom", "name": "c"}, {"type": "mcp"}]).tools
    assert isinstance(function, FunctionTool)
    assert isinstance(custom, CustomTool)
    assert isinstance(server, ServerTool)
    with pytest.raises(ClientError, match="name is missing"):
        request(tools=[{"type": "function"}])


@pytest.mark.parametrize(("strict", "found"), [(None, False), (True, True), (False, False)])
def test_another_protocols_function_is_not_made_strict(strict: bool | None, found: bool) -> None:
    function = {"name": "f"} | ({} if strict is None else {"strict": strict})
    chat = {
        "model": "m",
        "messages": [{"role": "user", "content": "x"}],
        "tools": [{"type": "function", "function": function}],
    }
    tools = encode_tools(CODECS["openai_chat", "generate"].decode_request(inbound(chat)), Losses())
    assert json.loads(msgspec.json.encode(tools)) == [
        {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}, "strict": found}
    ]


CHOICES: list[tuple[Any, ToolChoice]] = [
    ("auto", ToolChoice(mode="auto")),
    ("required", ToolChoice(mode="required")),
    ({"type": "function", "name": "f"}, ToolChoice(mode="named", names=("f",))),
    ({"type": "custom", "name": "c"}, ToolChoice(mode="named", names=("c",))),
    ({"type": "web_search"}, ToolChoice(mode="named", names=("web_search",))),
    (
        {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}, {"type": "mcp"}]},
        ToolChoice(mode="allowed", names=("f", "mcp"), allowed_mode="required"),
    ),
]


@pytest.mark.parametrize(("wire", "choice"), CHOICES)
def test_a_choice_is_read_and_written_back(wire: Any, choice: ToolChoice) -> None:
    found = request(tools=[FUNCTION], tool_choice=wire).tool_choice
    assert msgspec.structs.replace(found, raw=None) == choice
    again = encode_tool_choice(found, (), Losses(), own=True)
    assert json.loads(msgspec.json.encode(again)) == wire


def test_an_unknown_choice_is_refused() -> None:
    with pytest.raises(ClientError, match="must be auto, none or required"):
        request(tool_choice="perhaps")


def test_a_choice_of_another_protocol_keeps_what_is_a_tool_here() -> None:
    tools = (FunctionTool(name="f"), CustomTool(name="c"))
    losses = Losses()
    named = ToolChoice(mode="named", names=("c",))
    assert encode_tool_choice(named, tools, losses, own=False) == {"type": "custom", "name": "c"}
    assert losses == []
    allowed = ToolChoice(mode="allowed", names=("f", "gone"), allowed_mode="required")
    assert encode_tool_choice(allowed, tools, losses, own=False) == {
        "type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}],
    }  # fmt: skip
    assert [loss.reason for loss in losses] == ["approximated"]
    assert encode_tool_choice(ToolChoice(mode="named", names=("gone",)), tools, Losses(), own=False) is None


def test_a_namespace_without_a_proper_name_is_refused() -> None:
    with pytest.raises(ClientError) as caught:
        request(tools=[{**SPACE, "name": {}}])
    assert caught.value.param == "tools[0].name"
