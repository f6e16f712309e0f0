"""What the mock's mind says to which ask, over both protocols."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.mock_provider import support
from tests.mock_provider.support import CHAT, CHAT_TOOLS, MESSAGES, MESSAGES_TOOLS, WEATHER

PATHS = pytest.mark.parametrize("path", [CHAT, MESSAGES])


def _ask(path: str, model: str, text: str = "Say hello", **members: Any) -> dict[str, Any]:
    return (support.chat if path == CHAT else support.messages)(text, model=model, **members)


def _tools(path: str) -> list[dict[str, Any]]:
    return CHAT_TOOLS if path == CHAT else MESSAGES_TOOLS


def _said(path: str, body: dict[str, Any], **headers: str) -> tuple[str, list[str], str]:
    """The text, the names of the tools called, the reason for the end."""
    reply = support.reply_of(path, body, **headers)
    if path == CHAT:
        choice = reply["choices"][0]
        calls = choice["message"].get("tool_calls", [])
        return choice["message"]["content"] or "", [call["function"]["name"] for call in calls], choice["finish_reason"]
    text = "".join(block["text"] for block in reply["content"] if block["type"] == "text")
    return text, [block["name"] for block in reply["content"] if block["type"] == "tool_use"], reply["stop_reason"]


def _answered(path: str, body: dict[str, Any], result: str) -> dict[str, Any]:
    """The conversation after the mock has called and all its calls were answered."""
    reply = support.reply_of(path, body)
    if path == CHAT:
        message = reply["choices"][0]["message"]
        results = [{"role": "tool", "tool_call_id": call["id"], "content": result} for call in message["tool_calls"]]
        return body | {"messages": [*body["messages"], message, *results]}
    results = [
        {"type": "tool_result", "tool_use_id": block["id"], "content": result}
        for block in reply["content"]
        if block["type"] == "tool_use"
    ]
    turns = [{"role": "assistant", "content": reply["content"]}, {"role": "user", "content": results}]
    return body | {"messages": [*body["messages"], *turns]}


@PATHS
@pytest.mark.parametrize("model", ["mock-chat", "any-other-name"])
def test_chat_mentions_the_prompt(path: str, model: str) -> None:
    text, calls, _ = _said(path, _ask(path, model, "Why is the sky blue?", tools=_tools(path)))
    assert "Why is the sky blue?" in text
    assert calls == []


@PATHS
def test_echo_says_nothing_else(path: str) -> None:
    assert _said(path, _ask(path, "mock-echo", "Grüße, 世界 🌍"))[0] == "Grüße, 世界 🌍"


@PATHS
def test_tools_are_called_two_at_once_then_told_about(path: str) -> None:
    body = _ask(path, "mock-tools", tools=_tools(path))
    assert _said(path, body)[1:] == (["get_weather", "get_time"], "tool_calls" if path == CHAT else "tool_use")
    text, calls, _ = _said(path, _answered(path, body, "18 degrees"))
    assert "get_weather" in text
    assert "18 degrees" in text
    assert calls == []


@PATHS
def test_one_call_where_parallel_ones_are_not_allowed(path: str) -> None:
    forbids = (
        {"parallel_tool_calls": False}
        if path == CHAT
        else {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}
    )
    assert _said(path, _ask(path, "mock-tools", tools=_tools(path), **forbids))[1] == ["get_weather"]


@PATHS
def test_arguments_fit_the_tools_schema(path: str) -> None:
    reply = support.reply_of(path, _ask(path, "mock-tools", tools=_tools(path)))
    Draft202012Validator(WEATHER).validate(
        json.loads(reply["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"])
        if path == CHAT
        else reply["content"][0]["input"]
    )


@pytest.mark.parametrize(
    ("path", "choice", "calls"),
    [
        (CHAT, "none", []),
        (CHAT, "auto", []),
        (CHAT, "required", ["get_weather"]),
        (CHAT, {"type": "function", "function": {"name": "third"}}, ["third"]),
        (
            CHAT,
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "third"}}]},
            },
            ["third"],
        ),
        (MESSAGES, {"type": "none"}, []),
        (MESSAGES, {"type": "auto"}, []),
        (MESSAGES, {"type": "any"}, ["get_weather"]),
        (MESSAGES, {"type": "tool", "name": "third"}, ["third"]),
    ],
)
def test_the_tool_choice_is_obeyed_by_any_model(path: str, choice: Any, calls: list[str]) -> None:
    assert _said(path, _ask(path, "mock-chat", tools=_tools(path), tool_choice=choice))[1] == calls


@PATHS
def test_no_call_when_the_choice_is_none(path: str) -> None:
    none: Any = "none" if path == CHAT else {"type": "none"}
    assert _said(path, _ask(path, "mock-tools", tools=_tools(path), tool_choice=none))[1] == []


@PATHS
def test_an_agent_reads_when_it_is_asked_to_do_something_and_then_answers(path: str) -> None:
    names = ("write_file", "bash", "read_file")
    tools = [
        {"type": "function", "function": {"name": name, "parameters": WEATHER}}
        if path == CHAT
        else {"name": name, "input_schema": WEATHER}
        for name in names
    ]
    body = _ask(path, "mock-agent", "What is in the README?", tools=tools)
    assert _said(path, body)[1] == ["read_file"]
    done = _answered(path, body, "# Plexus")
    text, calls, _ = _said(path, done)
    assert "# Plexus" in text
    assert calls == []
    assert _said(path, done, x_mock_rounds="2")[1] == ["bash"]
    assert _said(path, _ask(path, "mock-agent", "Thanks.", tools=tools))[1] == []


@PATHS
def test_a_new_question_after_a_tool_loop_starts_anew(path: str) -> None:
    done = _answered(path, _ask(path, "mock-tools", tools=_tools(path)), "18 degrees")
    again = done | {
        "messages": [
            *done["messages"],
            {"role": "assistant", "content": "18."},
            {"role": "user", "content": "And now?"},
        ]
    }
    assert _said(path, again)[1] == ["get_weather", "get_time"]


@PATHS
@pytest.mark.parametrize("model", ["mock-json", "mock-chat"])
def test_a_schema_is_obeyed(path: str, model: str) -> None:
    wanted = (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "w", "schema": WEATHER}}}
        if path == CHAT
        else {"output_config": {"format": {"type": "json_schema", "schema": WEATHER}}}
    )
    Draft202012Validator(WEATHER).validate(json.loads(_said(path, _ask(path, model, **wanted))[0]))


@PATHS
def test_limits_and_stop_sequences_cut_the_answer(path: str) -> None:
    limit = {"max_completion_tokens": 3} if path == CHAT else {"max_tokens": 3}
    text, _, why = _said(path, _ask(path, "mock-echo", "one two three four", **limit))
    assert (text, why) == ("one two thre", "length" if path == CHAT else "max_tokens")
    stops = {"stop": ["four", "three"]} if path == CHAT else {"stop_sequences": ["four", "three"]}
    text, _, why = _said(path, _ask(path, "mock-echo", "one two three four", **stops))
    assert (text, why) == ("one two ", "stop" if path == CHAT else "stop_sequence")


def test_the_stop_sequence_is_named() -> None:
    reply = support.reply_of(MESSAGES, _ask(MESSAGES, "mock-echo", "one two", stop_sequences=["two"]))
    assert reply["stop_sequence"] == "two"


def test_choices_differ_and_count_together() -> None:
    reply = support.reply_of(CHAT, _ask(CHAT, "mock-echo", "hi", n=3))
    assert [choice["message"]["content"] for choice in reply["choices"]] == ["hi", "hi (2)", "hi (3)"]
    assert [choice["index"] for choice in reply["choices"]] == [0, 1, 2]
    assert reply["usage"]["completion_tokens"] == 5


@PATHS
def test_words_are_counted(path: str) -> None:
    usage = support.reply_of(path, _ask(path, "mock-words-37"))["usage"]
    assert usage["completion_tokens" if path == CHAT else "output_tokens"] == 37


@PATHS
def test_media_are_mentioned(path: str) -> None:
    content: list[dict[str, Any]] = [{"type": "text", "text": "What is this?"}]
    if path == CHAT:
        content.append({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}})
        content.append({"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}})
        content.append({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}})
    else:
        content.append({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}})
        content.append(
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}}
        )
    text, _, _ = _said(path, _ask(path, "mock-chat", messages=[{"role": "user", "content": content}]))
    assert "image, document" in text


def test_thinking_is_shown_hidden_or_off() -> None:
    message = support.reply_of(CHAT, _ask(CHAT, "mock-thinking"))["choices"][0]["message"]
    assert message["reasoning_content"].startswith("The user wants")
    hidden = support.reply_of(CHAT, _ask(CHAT, "mock-chat", reasoning_effort="low"))
    assert "reasoning_content" not in hidden["choices"][0]["message"]
    assert hidden["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    off = support.reply_of(CHAT, _ask(CHAT, "mock-thinking", reasoning_effort="none"))
    assert off["usage"]["completion_tokens_details"]["reasoning_tokens"] == 0
    kinds = {
        "shown": _ask(MESSAGES, "mock-chat", thinking={"type": "adaptive"}),
        "omitted": _ask(MESSAGES, "mock-chat", thinking={"type": "adaptive", "display": "omitted"}),
        "off": _ask(MESSAGES, "mock-thinking", thinking={"type": "disabled"}),
    }
    first = {name: support.reply_of(MESSAGES, body)["content"][0] for name, body in kinds.items()}
    assert first["shown"]["thinking"]
    assert first["omitted"]["thinking"] == ""
    assert first["omitted"]["signature"]
    assert first["off"]["type"] == "text"


def test_a_refusal_in_each_protocols_words() -> None:
    message = support.reply_of(CHAT, _ask(CHAT, "mock-refusal"))["choices"][0]["message"]
    assert message["content"] is None
    assert "refuses" in message["refusal"]
    reply = support.reply_of(MESSAGES, _ask(MESSAGES, "mock-refusal"))
    assert (reply["content"], reply["stop_reason"]) == ([], "refusal")
    assert "refuses" in reply["stop_details"]["explanation"]


def test_a_search_is_shown_by_messages_and_cited_by_both() -> None:
    message = support.reply_of(CHAT, _ask(CHAT, "mock-search"))["choices"][0]["message"]
    (cited,) = message["annotations"]
    where = cited["url_citation"]
    assert message["content"][where["start_index"] : where["end_index"]] == "there is a domain for examples"
    reply = support.reply_of(MESSAGES, _ask(MESSAGES, "mock-search"))
    kinds = [block["type"] for block in reply["content"]]
    assert kinds == ["text", "server_tool_use", "web_search_tool_result", "text", "text", "text"]
    assert reply["content"][4]["citations"][0]["url"] == where["url"]
    assert reply["usage"]["server_tool_use"]["web_search_requests"] == 1
    again = [{"role": "user", "content": "x"}, {"role": "assistant", "content": reply["content"]}]
    support.reply_of(MESSAGES, _ask(MESSAGES, "mock-search", messages=[*again, {"role": "user", "content": "and?"}]))


def test_logprobs_cover_the_text() -> None:
    choice = support.reply_of(CHAT, _ask(CHAT, "mock-echo", "one two", logprobs=True, top_logprobs=2))["choices"][0]
    tokens = choice["logprobs"]["content"]
    assert [one["token"] for one in tokens] == ["one", " two"]
    assert all(len(one["top_logprobs"]) == 2 and one["logprob"] < 0 for one in tokens)
    assert support.reply_of(CHAT, _ask(CHAT, "mock-echo"))["choices"][0]["logprobs"] is None
