"""The requests that are sent: always the same bytes for the same question."""

from __future__ import annotations

import json
from typing import Any

CHAT = "/v1/chat/completions"
PROTOCOLS = ("chat", "responses", "messages", "gemini")
SIZES = ("300 B", "30 kB")
TOOLS, TURNS = 20, 8
"""Of the large body: an agent's, with tools, and calls of them behind it."""


def chat(model: str, size: str, *, stream: bool) -> bytes:
    """A Chat Completions body of about ``size``."""
    body: dict[str, Any] = {"model": model, "messages": _small() if size == "300 B" else _history(), "max_tokens": 512}
    if size != "300 B":
        body["tools"] = [_tool(number) for number in range(TOOLS)]
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return json.dumps(body, separators=(",", ":")).encode()


def call(protocol: str, model: str, size: str, *, stream: bool) -> tuple[str, bytes]:
    """Path and body of the same question in ``protocol``. The large body is there in Chat alone."""
    if protocol == "chat":
        return CHAT, chat(model, size, stream=stream)
    assert size == "300 B", protocol
    system, question = (message["content"] for message in _small())
    if protocol == "gemini":
        body: dict[str, Any] = {
            "systemInstruction": {"parts": [{"text": system}]},
            "contents": [{"role": "user", "parts": [{"text": question}]}],
            "generationConfig": {"maxOutputTokens": 512},
        }
        action = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return f"/v1beta/models/{model}:{action}", json.dumps(body, separators=(",", ":")).encode()
    turns = [{"role": "user", "content": question}]
    if protocol == "messages":
        path, body = "/v1/messages", {"system": system, "messages": turns, "max_tokens": 512}
    else:
        path = "/v1/responses"
        body = {"instructions": system, "input": turns, "max_output_tokens": 512, "store": False}
    body = {"model": model, **body} | ({"stream": True} if stream else {})
    return path, json.dumps(body, separators=(",", ":")).encode()


def _small() -> list[dict[str, Any]]:
    question = (
        "Explain to a new colleague why a gateway in front of several providers is useful. "
        "And what does it cost them, in time?"
    )
    return [
        {"role": "system", "content": "You are a careful assistant. Answer in one short paragraph, please."},
        {"role": "user", "content": question},
    ]


def _tool(number: int) -> dict[str, Any]:
    properties = {
        name: {"type": "string", "description": f"The {name} that the {number}th tool works on, as an absolute value."}
        for name in ("path", "pattern", "before", "after")
    }
    function = {
        "name": f"tool_{number:02}",
        "description": "Reads, changes or searches files of the project. " * 5,
        "parameters": {"type": "object", "properties": properties, "required": ["path"], "additionalProperties": False},
    }
    return {"type": "function", "function": function}


def _history() -> list[dict[str, Any]]:
    messages = _small()
    for turn in range(TURNS):
        arguments = json.dumps({"path": f"/src/module_{turn}.py", "pattern": "def (\\w+)"})
        function = {"name": f"tool_{turn:02}", "arguments": arguments}
        call = {"id": f"call_{turn:024}", "type": "function", "function": function}
        text = "\n".join(f'{line:4}  result = function_{line}(value, "name")  # line {line}' for line in range(23))
        messages += [
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": call["id"], "content": text},
        ]
    return [*messages, {"role": "user", "content": "Now go on."}]


def http(path: str, body: bytes, key: str) -> bytes:
    """The whole request, as an SDK would send it."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\ncontent-type: application/json\r\n"
        f"user-agent: OpenAI/Python 2.8.1\r\nx-stainless-lang: python\r\nx-stainless-runtime-version: 3.11.7\r\n"
        f"authorization: Bearer {key}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
