"""The mock's mind: from an ask to answers, by the model's name, the same each time.

===================  ==================================================================================================
``mock-chat``        says in a sentence what it was asked; obeys a forced tool choice and an output schema. So do all
                     names that are not in this table.
``mock-echo``        repeats the user's text, nothing else.
``mock-tools``       calls the first offered tool, or the first two at once where parallel calls are allowed; when the
                     tools have answered, tells what they said.
``mock-agent``       calls a reading, then a running tool where the text asks for something to be done (see ``ASKS``),
                     for ``x-mock-rounds`` rounds (1), then tells what it found.
``mock-thinking``    thinks first, unless thinking is switched off.
``mock-thinking-tools``  thinks first, then does as ``mock-tools`` does.
``mock-redacted``    thinks first, and hides its thoughts.
``mock-json``        answers with a minimal JSON value that fits the schema asked for, ``{}`` without one.
``mock-refusal``     refuses.
``mock-search``      searches the web (in Messages as a server tool) and cites what it found.
``mock-words-<n>``   answers with exactly n tokens.
===================  ==================================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from plexus.mock_provider.answer import Answer, Finish, Part, Refusal, Search, Source, Text, Thinking, ToolCall
from plexus.mock_provider.ask import Ask, Tool
from plexus.mock_provider.instance import instance
from plexus.mock_provider.tokens import compact, count, split_tokens

ASKS: Final = re.compile(
    r"\b(cat|check|do|edit|execute|explain|fetch|find|fix|get|give|list|look|ls|open|read|run|search|see|show|tell|use|what|where|which"
    r"|write)\b",
    re.IGNORECASE,
)
"""A text that wants something done with tools."""
AGENT_TOOLS: Final = (
    "read",
    "cat",
    "view",
    "ls",
    "list",
    "glob",
    "grep",
    "search",
    "bash",
    "shell",
    "exec",
    "run",
    "terminal",
)
"""What the agent likes to call, best first: a word in the tool's name."""

_QUOTE: Final = 200
"""Characters of a prompt or a tool's answer that are repeated."""

Mind = Callable[[Ask], list[Part]]


def answers(ask: Ask, *, rounds: int = 1) -> list[Answer]:
    """One answer for each of the ask's ``n`` candidates, within its limits. ``rounds`` is what ``mock-agent`` obeys."""
    said = _think(ask) + _speak(ask, rounds)
    return [limited(said if index == 0 else _varied(said, index), ask) for index in range(ask.n)]


def limited(parts: Sequence[Part], ask: Ask, finish: Finish | None = None) -> Answer:
    """``parts`` cut at the first stop sequence and at the most tokens allowed; ``finish`` where neither happens."""
    kept: list[Part] = []
    left = ask.max_tokens if ask.max_tokens is not None else 1 << 60
    for part in parts:
        if isinstance(part, (ToolCall, Search)):
            left -= tokens_of(part)
            if left < 0:
                return Answer(tuple(kept), "length")
            kept.append(part)
            continue
        stop = _first_stop(part.text, ask.stops) if isinstance(part, Text) else None
        text = part.text if stop is None else part.text[: part.text.index(stop)]
        tokens = split_tokens(text)
        if len(tokens) > left:
            kept += _with_text(part, "".join(tokens[:left]))
            return Answer(tuple(kept), "length")
        kept += _with_text(part, text)
        left -= len(tokens)
        if stop is not None:
            return Answer(tuple(kept), "stop_sequence", stop)
    return Answer(tuple(kept), finish or _finish(kept))


def tokens_of(part: Part) -> int:
    """Output tokens of one part."""
    if isinstance(part, ToolCall):
        return count(part.name) + count(compact(part.arguments) if part.input is None else part.input)
    if isinstance(part, Search):
        return count(part.query)
    return count(part.text)


def _with_text(part: Text | Thinking | Refusal, text: str) -> list[Part]:
    return [replace(part, text=text)] if text else []


def _first_stop(text: str, stops: Sequence[str]) -> str | None:
    """The stop sequence that comes first in ``text``."""
    found = [(text.index(stop), stop) for stop in stops if stop and stop in text]
    return min(found)[1] if found else None


def _finish(parts: Sequence[Part]) -> Finish:
    if any(isinstance(part, ToolCall) for part in parts):
        return "tool_calls"
    return "refusal" if any(isinstance(part, Refusal) for part in parts) else "stop"


def _varied(parts: Sequence[Part], index: int) -> list[Part]:
    """The same answer a little different, for the second candidate and on."""
    return [replace(part, text=f"{part.text} ({index + 1})") if isinstance(part, Text) else part for part in parts]


def _think(ask: Ask) -> list[Part]:
    thinks_anyway = ask.model.startswith(("mock-thinking", "mock-redacted"))
    if ask.thinking == "off" or (ask.thinking == "default" and not thinks_anyway):
        return []
    hidden = ask.model.startswith("mock-redacted") or (ask.thinking == "hidden" and not thinks_anyway)
    return [Thinking(f"The user wants: {_quoted(ask.text)}. I say what a mock can say.", redacted=hidden)]


def _speak(ask: Ask, rounds: int) -> list[Part]:
    if ask.named is not None:
        return [_call(tool) for tool in ask.tools if tool.name == ask.named] or _chat(ask)
    if ask.choice == "required" and ask.tools:
        return [_call(ask.tools[0])]
    if ask.model.startswith("mock-agent"):
        return _agent(ask, rounds)
    if ask.output_schema is not None:
        return _json(ask)
    mind = next((mind for prefix, mind in MINDS.items() if ask.model.startswith(prefix)), _chat)
    return mind(ask)


def _chat(ask: Ask) -> list[Part]:
    if ask.results:
        return [Text(_report(ask))]
    seen = f" I was also given: {', '.join(ask.media)}." if ask.media else ""
    return [Text(f"This is the mock provider. You asked: {_quoted(ask.text)}.{seen}")]


def _echo(ask: Ask) -> list[Part]:
    return [Text(ask.text)] if ask.text else []


def _tools(ask: Ask) -> list[Part]:
    if ask.results or not ask.tools or ask.choice == "none":
        return _chat(ask)
    return [_call(tool) for tool in ask.tools[: 2 if ask.parallel else 1]]


def _agent(ask: Ask, rounds: int) -> list[Part]:
    if not ask.tools or ask.choice == "none" or ask.rounds >= rounds or not ASKS.search(ask.text):
        return _json(ask) if ask.output_schema is not None else _chat(ask)
    return [Text("Let me have a look."), _call(_preferred(ask.tools, ask.rounds))]


def _preferred(tools: Sequence[Tool], skip: int) -> Tool:
    """The tool that an agent would use first, another one in later rounds."""
    liked = [tool for word in AGENT_TOOLS for tool in tools if word in tool.name.lower()]
    ordered = list({tool.name: tool for tool in (liked or tools)}.values())
    return ordered[skip % len(ordered)]


def _json(ask: Ask) -> list[Part]:
    return [Text(compact(instance(ask.output_schema) if ask.output_schema is not None else {}))]


def _refuse(ask: Ask) -> list[Part]:
    return [Refusal(f"The mock provider refuses: {_quoted(ask.text)}.")]


def _search(ask: Ask) -> list[Part]:
    if ask.results:
        return _chat(ask)
    found = Source("Example Domain", "https://example.com/", "This domain is for use in documentation examples.")
    return [
        Text("Let me search for that."),
        Search(_plain(ask.text), found),
        Text(" I found this: "),
        Text("there is a domain for examples", found),
        Text("."),
    ]


def _words(ask: Ask) -> list[Part]:
    digits = re.match(r"mock-words-(\d{1,6})", ask.model)
    size = int(digits[1]) if digits else 10
    return [Text(" ".join(["word"] * size))] if size else []


MINDS: Final[Mapping[str, Mind]] = {
    "mock-echo": _echo,
    "mock-tools": _tools,
    "mock-json": _json,
    "mock-thinking-tools": _tools,
    "mock-refusal": _refuse,
    "mock-search": _search,
    "mock-words": _words,
}
"""By the beginning of the model's name."""


def _call(tool: Tool) -> ToolCall:
    if tool.custom:
        return ToolCall(tool.name, input="plexus")
    arguments = instance(tool.schema)
    return ToolCall(tool.name, arguments if isinstance(arguments, dict) else {})


def _report(ask: Ask) -> str:
    told = [
        f"{result.name} {'failed with' if result.is_error else 'answered'} {_quoted(result.text)}"
        for result in ask.results
    ]
    return f"I used {len(told)} tool{'s' if len(told) > 1 else ''}: {'; '.join(told)}."


def _quoted(text: str) -> str:
    return f'"{_plain(text)}"'


def _plain(text: str) -> str:
    """On one line, and not too long."""
    text = " ".join(text.split())
    return text if len(text) <= _QUOTE else f"{text[:_QUOTE]}…"
