"""Reading a Responses request (https://platform.openai.com/docs/api-reference/responses/create)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

from plexus.canonical.content import Block, Text
from plexus.canonical.errors import bad_request
from plexus.canonical.request import Bound, GenerateRequest, Message, OutputFormat, ReasoningSettings, Role
from plexus.protocols.codec import Inbound
from plexus.protocols.members import Members, Object, decode_as, is_string, with_twins
from plexus.protocols.openai_responses.content import PROTOCOL, decode_content
from plexus.protocols.openai_responses.items import decode_turn_item, opaque, take_members, tool_output
from plexus.protocols.openai_responses.tools import decode_tool_choice, decode_tools

Turn = tuple[Role, list[Block]]


def decode_request(inbound: Inbound) -> GenerateRequest:
    """The canonical request. Raises ClientError for a body that the protocol does not allow."""
    body = Members(inbound.envelope.members)
    kept: Object = {}
    bound = _decode_bound(body)
    messages, references = _decode_input(body, kept, needed=not bound)
    instructions = body.take("instructions", str)
    output, verbosity = _decode_text(body, kept)
    _keep_neutral(body, kept)
    logprobs, top_logprobs = _decode_logprobs(body, kept)
    request = GenerateRequest(
        origin=PROTOCOL,
        model=body.take("model", str) or "",
        stream=bool(body.take("stream", bool)),
        system=() if instructions is None else (Text(text=instructions),),
        system_plain=instructions is not None,
        messages=messages,
        tools=decode_tools(body),
        tool_choice=decode_tool_choice(body),
        parallel_tool_calls=body.take("parallel_tool_calls", bool),
        max_output_tokens=body.take("max_output_tokens", int),
        temperature=body.take("temperature", float),
        top_p=body.take("top_p", float),
        logprobs=logprobs,
        top_logprobs=top_logprobs,
        reasoning=_decode_reasoning(body, kept),
        output=output,
        verbosity=verbosity,
        service_tier=body.take("service_tier", str),
        user=body.take("user", str),
        safety_identifier=body.take("safety_identifier", str),
        metadata=body.take_raw("metadata"),
        store=body.take("store", bool),
        prompt_cache_key=body.take("prompt_cache_key", str),
        prompt_cache_retention=body.take("prompt_cache_retention", str),
        prompt_cache_options=body.take_raw("prompt_cache_options"),
        moderation=body.take_raw("moderation"),
        bound=bound + references,
    )
    return msgspec.structs.replace(request, extras=with_twins(body.rest(PROTOCOL), PROTOCOL, kept))


# --- input


def _decode_input(body: Members, kept: Object, *, needed: bool) -> tuple[tuple[Message, ...], tuple[Bound, ...]]:
    """The turns, and the items that are only named."""
    raw = body.peek("input")
    if raw is not None and is_string(raw):
        kept["input"] = raw
        return (Message(role="user", content=(Text(text=body.require("input", str)),), plain=True),), ()
    items = body.take_list("input")
    if not items and needed:
        raise bad_request("input is missing or empty. Send a string or a list of items.", param="input")
    reader = _Reader()
    for item in items:
        reader.add(item)
    return reader.finish(), tuple(reader.references)


class _Reader:
    """Puts items together into turns: what the model made one after the other is one turn, so are tools' answers."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._open: Turn | None = None
        self.references: list[Bound] = []

    def add(self, item: Members) -> None:
        kind = item.take("type", str)
        if kind is None:
            kind = "message" if item.peek("role") is not None else "item_reference"
            if kind == "item_reference" and item.peek("id") is None:
                raise bad_request(f"{item.where('type')} is missing.", param=item.where("type"))
        else:
            item.raw["type"] = msgspec.Raw(msgspec.json.encode(kind))
        if kind == "message":
            self._message(item)
            return
        item.raw.pop("type", None)
        if kind == "item_reference":
            self.references.append(Bound(item.path, REFERENCE))
        if kind in ANSWERS:
            self._extend("tool", (tool_output(item, kind),))
        elif kind.endswith(ANSWER_SUFFIXES):
            self._extend("tool", (opaque(item, kind),))
        else:
            self._extend("assistant", decode_turn_item(item, kind))

    def _message(self, item: Members) -> None:
        role = item.peek("role")
        word = decode_as(role, str, item.where("role")) if role is not None else ""
        if word not in ROLES:
            raise bad_request(
                f"{item.where('role')} is {word!r}; it must be one of {', '.join(sorted(ROLES))}.",
                param=item.where("role"),
            )
        if word == "assistant":
            self._extend("assistant", decode_turn_item(item, "message"))
            return
        self._close()
        item.raw.pop("role")
        twins = {name: raw for name in ("type",) if (raw := item.take_raw(name)) is not None} | take_members(item)
        content, plain = decode_content(item, "content", "input_text")
        self._messages.append(
            Message(
                role=cast("Role", word),
                content=content,
                plain=plain,
                extras=with_twins(item.rest(PROTOCOL), PROTOCOL, twins),
            )
        )

    def _extend(self, role: Role, blocks: tuple[Block, ...]) -> None:
        if self._open is None or self._open[0] != role:
            self._close()
            self._open = (role, [])
        self._open[1].extend(blocks)

    def _close(self) -> None:
        if self._open is not None and self._open[1]:
            role, blocks = self._open
            self._messages.append(Message(role=role, content=tuple(blocks)))
        self._open = None

    def finish(self) -> tuple[Message, ...]:
        self._close()
        return tuple(self._messages)


ROLES = frozenset({"system", "developer", "user", "assistant"})
ANSWERS = frozenset({"function_call_output", "custom_tool_call_output"})
ANSWER_SUFFIXES = ("_output", "mcp_approval_response", "additional_tools")
"""Items that the client adds and only Responses understands."""


# --- what hangs on the service's own state

BOUND: Mapping[str, str] = {
    "previous_response_id": "previous_response_id names a reply that only its own provider keeps. Send the earlier turns in "
    "input, or use a model whose provider speaks Responses.",
    "conversation": "conversation names turns that only its own provider keeps. Send them in input, or use a model whose "
    "provider speaks Responses.",
    "prompt": "prompt names a template that only its own provider keeps. Send its text in instructions and input, or use a "
    "model whose provider speaks Responses.",
}
REFERENCE = (
    "item_reference names an item that only its own provider keeps. Send the item itself, or use a model whose provider "
    "speaks Responses."
)
BACKGROUND = Bound(
    "background",
    "background: only a provider that speaks Responses answers later. Leave background out, or use such a model.",
)


def _decode_bound(body: Members) -> tuple[Bound, ...]:
    """The members that another protocol must refuse. They stay where they are, for our own."""
    found = [
        Bound(name, message)
        for name, message in BOUND.items()
        if (raw := body.peek(name)) is not None and bytes(raw) != b"null"
    ]
    background = body.peek("background")
    if background is not None and bytes(background) == b"true":
        found.append(BACKGROUND)
    return tuple(found)


# --- settings

NEUTRAL: Mapping[str, frozenset[bytes]] = {
    "background": frozenset({b"false"}),
    "truncation": frozenset({b'"disabled"'}),
    "stream_options": frozenset({b"{}", b'{"include_obfuscation":false}', b'{"include_obfuscation": false}'}),
    "stream": frozenset({b"false"}),
}
"""Values that say what other protocols do anyway: no loss there, but written back here."""


def _keep_neutral(body: Members, kept: Object) -> None:
    for name, values in NEUTRAL.items():
        raw = body.peek(name)
        if raw is not None and bytes(raw) in values:
            kept[name] = body.raw.pop(name)


ENCRYPTED = "reasoning.encrypted_content"
LOGPROBS = "message.output_text.logprobs"


def _decode_logprobs(body: Members, kept: Object) -> tuple[bool | None, int | None]:
    """Log probabilities are asked for by ``include``; what else stands there only steers OpenAI's own tools."""
    written = body.peek("include")
    include = body.take("include", list[str]) or []
    if written is not None and bytes(written) != b"null":
        if set(include) <= {ENCRYPTED, LOGPROBS}:
            kept["include"] = written
        else:
            body.raw["include"] = written
    top = body.take("top_logprobs", int)
    return (True if LOGPROBS in include or top else None), top


def _decode_reasoning(body: Members, kept: Object) -> ReasoningSettings | None:
    written = body.peek("reasoning")
    wire = body.take_members("reasoning")
    if wire is None or written is None:
        return None
    effort, summary = wire.take("effort", str), wire.take("summary", str)
    old = wire.take("generate_summary", str)
    _keep(body, kept, "reasoning", written, wire)
    return ReasoningSettings(effort=effort, summary=summary or old)


def _keep(body: Members, kept: Object, name: str, written: msgspec.Raw, taken: Members) -> None:
    """Write a member back as it came; it is a loss elsewhere if something of it was not taken."""
    if taken.rest(PROTOCOL) is None:
        kept[name] = written
    else:
        body.raw[name] = written


def _decode_text(body: Members, kept: Object) -> tuple[OutputFormat | None, str | None]:
    written = body.peek("text")
    text = body.take_members("text")
    if text is None or written is None:
        return None, None
    verbosity, form = text.take("verbosity", str), text.take_members("format")
    _keep(body, kept, "text", written, text)
    if form is None:
        return None, verbosity
    kind = form.require("type", str)
    if kind in ("text", "json_object"):
        return OutputFormat(kind="text" if kind == "text" else "json_object"), verbosity
    if kind != "json_schema":
        raise bad_request(
            f"text.format.type is {kind!r}; it must be text, json_object or json_schema.", param="text.format.type"
        )
    output = OutputFormat(
        kind="json_schema",
        name=form.take("name", str),
        description=form.take("description", str),
        schema=form.take_raw("schema"),
        strict=form.take("strict", bool),
    )
    return output, verbosity
