"""Content parts and assistant turns: the pieces that requests and replies share, both ways."""

from __future__ import annotations

import msgspec

from plexus.canonical.content import (
    Audio,
    Block,
    CacheMark,
    Citation,
    Document,
    FileId,
    Image,
    InlineData,
    Opaque,
    Reasoning,
    ReasoningState,
    Refusal,
    Source,
    Text,
    ToolCall,
    Url,
)
from plexus.canonical.errors import bad_request
from plexus.protocols.media import parse_data_url
from plexus.protocols.members import Array, Members, Object, decode_as, is_string, raw_json, with_twins
from plexus.protocols.openai_chat import tool_call_id
from plexus.protocols.reasoning_state import PREFIX
from plexus.protocols.unreadable import UNREADABLE

PROTOCOL = "openai_chat"


# --- parts


def decode_content(members: Members, name: str = "content") -> tuple[tuple[Block, ...], bool]:
    """A turn's content: blocks, and whether it stood as a bare string."""
    value = members.peek(name)
    if value is not None and is_string(value):
        return (Text(text=members.require(name, str)),), True
    return tuple(_decode_part(part) for part in members.take_list(name)), False


def _decode_part(part: Members) -> Block:
    kind = part.require("type", str)
    decode = PARTS.get(kind)
    if decode is None:
        part.raw["type"] = raw_json(kind)
        return Opaque(origin=PROTOCOL, kind=kind, raw=part.whole())
    return decode(part)


def _text(part: Members) -> Block:
    text = part.require("text", str)
    return Text(text=text, cache=decode_cache(part), extras=part.rest(PROTOCOL))


def _refusal(part: Members) -> Block:
    return Refusal(text=part.require("refusal", str), extras=part.rest(PROTOCOL))


def _image(part: Members) -> Block:
    image = part.take_members("image_url")
    if image is None:
        raise bad_request(f"{part.where('image_url')} is missing.", param=part.where("image_url"))
    url = image.require("url", str)
    source: Source = parse_data_url(url) or Url(url)
    return Image(source=source, detail=image.take("detail", str), cache=decode_cache(part), extras=part.rest(PROTOCOL))


def _audio(part: Members) -> Block:
    audio = part.take_members("input_audio")
    if audio is None:
        raise bad_request(f"{part.where('input_audio')} is missing.", param=part.where("input_audio"))
    source = InlineData(f"audio/{audio.require('format', str)}", audio.require("data", str))
    return Audio(source=source, extras=part.rest(PROTOCOL))


def _file(part: Members) -> Block:
    file = part.take_members("file")
    if file is None:
        raise bad_request(f"{part.where('file')} is missing.", param=part.where("file"))
    name, data, file_id = file.take("filename", str), file.take("file_data", str), file.take("file_id", str)
    source: Source
    if data is not None:
        source = parse_data_url(data) or Url(data)
    elif file_id is not None:
        source = FileId(PROTOCOL, file_id)
    else:
        raise bad_request(f"{file.path} needs file_data or file_id.", param=file.path)
    return Document(source=source, name=name, cache=decode_cache(part), extras=part.rest(PROTOCOL))


def _thinking(part: Members) -> Block:
    """Mistral's thoughts: a part with a list of text parts."""
    whole = Members(dict(part.raw), part.path)
    whole.raw["type"] = raw_json("thinking")
    pieces = part.take_list("thinking")
    text = "".join(piece.take("text", str) or "" for piece in pieces)
    return Reasoning(text=text, extras=with_twins(None, PROTOCOL, {THINKING_PART: whole.whole()}))


THINKING_PART = "content_part"
"""The extra under which a thought keeps the content part that it stood in, for its own protocol."""

PARTS = {
    "text": _text,
    "refusal": _refusal,
    "image_url": _image,
    "input_audio": _audio,
    "file": _file,
    "thinking": _thinking,
}


def decode_cache(members: Members) -> CacheMark | None:
    """Anthropic's mark, which OpenRouter and others take on Chat's parts."""
    mark = members.take_members("cache_control")
    if mark is None:
        return None
    ttl = mark.take("ttl", str)
    return CacheMark("1h" if ttl == "1h" else "5m" if ttl == "5m" else None)


def encode_cache(mark: CacheMark) -> dict[str, str]:
    """The mark's wire form."""
    return {"type": "ephemeral"} if mark.ttl is None else {"type": "ephemeral", "ttl": mark.ttl}


# --- assistant turns

EMPTY_STRING = msgspec.Raw(b'""')


def decode_assistant(members: Members) -> tuple[tuple[Block, ...], bool, Object]:
    """Thoughts, content, refusal, tool calls and audio of an assistant turn, in that order.

    Also: whether the content was a bare string, and members that must be written back as they came.
    """
    calls, call_state = _decode_calls(members)
    thoughts, kept = _decode_thoughts(members, call_state)
    written = members.peek("content")
    if calls and written is not None and written == EMPTY_STRING:
        kept["content"] = written  # some providers insist on an empty string beside calls
    content, plain = decode_content(members)
    blocks: list[Block] = [*thoughts, *_with_citations(content, members)]
    refused = members.peek("refusal")
    refusal = members.take("refusal", str)
    if refusal == "" and refused is not None:
        kept["refusal"] = refused
    elif refusal is not None:
        blocks.append(Refusal(text=refusal))
    audio = members.take_members("audio")
    if audio is not None:
        blocks.append(decode_audio(audio))
    legacy = members.peek("function_call")
    call = members.take_members("function_call")
    if call is not None and legacy is not None:
        kept["function_call"] = legacy
        name = call.require("name", str)
        if not calls:  # llama-cpp-python says the first of its tool_calls once more in the older way
            calls.append(ToolCall(id=f"call_{name}", name=name, arguments=call.take("arguments", str) or ""))
    return (*blocks, *calls), plain, kept


def decode_audio(audio: Members) -> Audio:
    """A reply's audio, or the reference to one."""
    data = audio.take("data", str)
    return Audio(
        source=InlineData("audio/wav", data) if data else None,
        id=audio.take("id", str),
        transcript=audio.take("transcript", str),
        expires_at=audio.take("expires_at", int),
        extras=audio.rest(PROTOCOL),
    )


def _decode_calls(members: Members) -> tuple[list[ToolCall], str | None]:
    """The calls, and the sealed state that came as a suffix of an id."""
    calls: list[ToolCall] = []
    state: str | None = None
    for call in members.take_list("tool_calls"):
        own_id, sealed = tool_call_id.detach(call.take("id", str) or "")
        state = state or sealed
        custom = call.take("type", str) == "custom"
        function = call.take_members("custom" if custom else "function") or Members({}, call.path)
        signature = _google_signature(call)
        calls.append(
            ToolCall(
                id=own_id,
                name=function.take("name", str) or "",
                arguments=_arguments(function, "input" if custom else "arguments"),
                custom=custom,
                cache=decode_cache(call),
                state=ReasoningState(PROTOCOL, signature) if signature else None,
                extras=call.rest(PROTOCOL),
            )
        )
    return calls, state


def _arguments(function: Members, name: str) -> str:
    """Arguments are JSON text; some servers send the object itself."""
    raw = function.take_raw(name)
    if raw is None:
        return ""
    return decode_as(raw, str, function.where(name)) if is_string(raw) else bytes(raw).decode("utf-8", "replace")


def _google_signature(call: Members) -> str | None:
    """Gemini's thought signature, as its compatible endpoint sends it: ``extra_content.google.thought_signature``."""
    extra = call.peek("extra_content")
    if extra is None:
        return None
    google = Members(decode_as(extra, Object, call.path), call.path).take_members("google")
    return google.take("thought_signature", str) if google is not None else None


THOUGHT_MEMBERS = ("reasoning_content", "reasoning", "reasoning_details")


def _decode_thoughts(members: Members, call_state: str | None) -> tuple[list[Reasoning], Object]:
    """One block for the plain text, signed where ``reasoning_details`` hold a signature; one for each encrypted entry.

    What came is kept raw for its own protocol, unless it holds state that we sealed and must not send on.
    """
    if call_state is None and members.raw.keys().isdisjoint(THOUGHT_MEMBERS):
        return [], {}
    raws = {name: raw for name in THOUGHT_MEMBERS if (raw := members.take_raw(name)) is not None}
    text = next(
        (
            decode_as(raws[name], str, members.where(name))
            for name in THOUGHT_MEMBERS[:2]
            if name in raws and is_string(raws[name])
        ),
        "",
    )
    details = _details(raws.get("reasoning_details"), members)
    signature = call_state
    blocks: list[Reasoning] = []
    told: list[str] = []
    for detail in details:
        kind = detail.take("type", str)
        told.append(detail.take("text", str) or detail.take("summary", str) or "")
        signature = detail.take("signature", str) or signature
        data = detail.take("data", str)
        if kind == "reasoning.encrypted" and data is not None and data != call_state:
            blocks.append(Reasoning(redacted=True, state=ReasoningState(PROTOCOL, data), id=detail.take("id", str)))
    text = text or "".join(told)
    if text or signature:
        state = ReasoningState(PROTOCOL, signature) if signature else None
        blocks.insert(0, Reasoning(text=text, redacted=not text, state=state))
    sealed = call_state is not None or any(PREFIX.encode() in bytes(raw) for raw in raws.values())
    return blocks, {} if sealed else raws


def _details(raw: msgspec.Raw | None, members: Members) -> list[Members]:
    if raw is None:
        return []
    path = members.where("reasoning_details")
    return [Members(decode_as(item, Object, path), path) for item in decode_as(raw, Array, path)]


def _with_citations(content: tuple[Block, ...], members: Members) -> tuple[Block, ...]:
    """``annotations`` belong to the whole text: they go to the first text block."""
    citations = tuple(decode_annotation(item) for item in members.take("annotations", Array) or [])
    if not citations:
        return content
    for index, block in enumerate(content):
        if isinstance(block, Text):
            cited = msgspec.structs.replace(block, citations=citations)
            return (*content[:index], cited, *content[index + 1 :])
    return (*content, Text(text="", citations=citations))


class _UrlCitation(msgspec.Struct):
    url: str | None = None
    title: str | None = None
    content: str | None = None
    start_index: int | None = None
    end_index: int | None = None


class _Annotation(msgspec.Struct):
    type: str = "url_citation"
    url_citation: _UrlCitation | None = None


def decode_annotation(raw: msgspec.Raw) -> Citation:
    """One annotation, the vendor's object beside it."""
    try:
        wire = msgspec.json.decode(raw, type=_Annotation)
    except UNREADABLE:
        wire = _Annotation(type="unknown")
    url = wire.url_citation or _UrlCitation()
    return Citation(
        origin=PROTOCOL,
        kind=wire.type,
        url=url.url,
        title=url.title,
        cited_text=url.content,
        start=url.start_index,
        end=url.end_index,
        raw=msgspec.Raw(bytes(raw)),
    )


def encode_annotation(citation: Citation) -> object | None:
    """The wire's annotation; None for a citation that Chat has no kind for (no URL)."""
    if citation.origin == PROTOCOL and citation.raw is not None:
        return citation.raw
    if citation.url is None:
        return None
    return {
        "type": "url_citation",
        "url_citation": {
            "url": citation.url,
            "title": citation.title or "",
            "start_index": citation.start or 0,
            "end_index": citation.end or 0,
        },
    }


def reasoning_details(block: Reasoning) -> list[dict[str, object]]:
    """The entries that carry a thought's state, in OpenRouter's shape; [] without state."""
    if block.state is None or block.state.protocol != PROTOCOL:
        return []
    if block.redacted or not block.text:
        return [{"type": "reasoning.encrypted", "data": block.state.value, "index": 0}]
    return [{"type": "reasoning.text", "text": block.text, "signature": block.state.value, "index": 0}]
