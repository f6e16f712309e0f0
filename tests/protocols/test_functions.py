from __future__ import annotations

import pytest
from tests.protocols.making import raw, wish

from plexus.canonical.content import CacheMark, Extras
from plexus.canonical.losses import Losses
from plexus.canonical.request import CustomTool, FunctionTool, ServerTool, Tool, ToolChoice
from plexus.protocols.functions import FREE_TEXT, arguments_object, offer

F, G = FunctionTool(name="f"), FunctionTool(name="g", strict=True)


def offered(*tools: Tool, choice: ToolChoice | None = None) -> tuple[list[str], str, list[bool], list[tuple[str, str]]]:
    losses = Losses()
    found = offer(wish("openai_chat", tools=tools, tool_choice=choice), losses)
    names = [str(tool["function"]["name"]) for tool in found.tools]  # type: ignore[index]
    return names, found.choice, found.strict, [(loss.path, loss.reason) for loss in losses]


def named(*names: str) -> ToolChoice:
    return ToolChoice(mode="named", names=names)


def allowed(*names: str, required: bool = False) -> ToolChoice:
    return ToolChoice(mode="allowed", names=names, allowed_mode="required" if required else "auto")


@pytest.mark.parametrize(("choice", "names", "mode", "lost"), [
    (None, ["f", "g"], "auto", None),
    (ToolChoice(mode="auto"), ["f", "g"], "auto", None),
    (ToolChoice(mode="none"), ["f", "g"], "none", None),
    (ToolChoice(mode="required"), ["f", "g"], "required", None),
    (named("g"), ["g"], "required", None),
    (named("x"), ["f", "g"], "auto", "unsupported"),
    (allowed("f"), ["f"], "auto", None),
    (allowed("f", required=True), ["f"], "required", None),
    (allowed("f", "x", required=True), ["f"], "required", "approximated"),
    (allowed("x", required=True), ["f", "g"], "auto", "unsupported"),
])  # fmt: skip
def test_the_choice(choice: ToolChoice | None, names: list[str], mode: str, lost: str | None) -> None:
    assert offered(F, G, choice=choice) == (
        names, mode, [name == "g" for name in names], [] if lost is None else [("tool_choice", lost)]
    )  # fmt: skip


def test_no_tools_no_choice() -> None:
    assert offered(choice=ToolChoice(mode="required")) == ([], "auto", [], [])


def test_a_tool_as_it_is_written() -> None:
    tools = (
        FunctionTool(name="f", description="d", parameters=raw({"a": 1})),
        FunctionTool(name="g"),
        CustomTool(name="c", description="free"),
    )
    found = offer(wish("openai_chat", tools=tools), Losses())
    assert [tool["function"] for tool in found.tools] == [
        {"name": "f", "description": "d", "parameters": raw({"a": 1})},
        {"name": "g", "parameters": {"type": "object", "properties": {}}},
        {"name": "c", "description": "free", "parameters": FREE_TEXT},
    ]
    assert {tool["type"] for tool in found.tools} == {"function"}


def test_what_is_lost_of_tools() -> None:
    server = ServerTool(origin="anthropic_messages", kind="web_search", name="s", raw=raw({}))
    marked = FunctionTool(name="f", cache=CacheMark(), extras=Extras("openai_chat", {"odd": raw(1)}))
    names, _, _, losses = offered(server, marked, CustomTool(name="c"))
    assert names == ["f", "c"]
    assert losses == [
        ("tools[0]", "unsupported"), ("tools[1].cache_control", "unsupported"), ("tools[1].odd", "foreign"),
        ("tools[2]", "approximated"),
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), [
    ("", b"{}"), (' {"a": 1} ', b'{"a": 1}'), ("[1]", None), ("null", None), ("{", None), ("words", None),
])  # fmt: skip
def test_arguments_as_an_object(text: str, found: bytes | None) -> None:
    raw_object = arguments_object(text)
    assert (None if raw_object is None else bytes(raw_object)) == found
