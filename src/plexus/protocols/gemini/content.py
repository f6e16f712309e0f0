"""Parts, read (https://ai.google.dev/api/caching#Part). What only Gemini understands stays whole."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from plexus.canonical.content import (
    Audio,
    Block,
    Document,
    Extras,
    FileId,
    Image,
    InlineData,
    Opaque,
    Reasoning,
    ReasoningState,
    Source,
    Text,
    ToolCall,
    ToolResult,
    Url,
    Video,
)
from plexus.canonical.errors import bad_request
from plexus.protocols.gemini.calls import Calls
from plexus.protocols.gemini.names import take_node, take_nodes
from plexus.protocols.gemini.signature import PROTOCOL, STAND_INS, apart, decode_signature, is_sealed
from plexus.protocols.members import NULL, Members, Object, is_string, with_twins
from plexus.protocols.unreadable import UNREADABLE

DATA = (
    "text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult",
    "toolCall", "toolResponse",
)  # fmt: skip
"""A part holds one of these."""


def decode_parts(content: Members, calls: Calls) -> tuple[Block, ...]:
    """All blocks of a Content in camelCase. Raises ClientError for a part that the protocol does not allow."""
    blocks: list[Block] = []
    for part in take_nodes(content, "parts"):
        *thought, block = decode_part(part, calls)
        for each in thought:
            _bring_back(blocks, each)
        blocks.append(_join_thought(blocks, block))
    return tuple(blocks)


def _join_thought(blocks: list[Block], block: Block) -> Block:
    """A thought that we sealed, whole again: a client that streamed it gives it back in the pieces in which it came."""
    if not isinstance(block, Reasoning) or block.redacted or block.state is None or not is_sealed(block.state):
        return block
    texts = [block.text]
    while blocks and isinstance(last := blocks[-1], Reasoning) and last.state is None:
        texts.insert(0, last.text)
        blocks.pop()
    return msgspec.structs.replace(block, text="".join(texts))


def _bring_back(blocks: list[Block], thought: Block) -> None:
    """Put a thought that came on its call where it stood. A client that keeps thoughts gave it back already, whole or its
    words alone; else it goes ahead of the text before the call, as it was most likely said."""
    if not isinstance(thought, Reasoning) or not thought.text:
        blocks.append(thought)
        return
    end = len(blocks)
    while end and isinstance(blocks[end - 1], Text):
        end -= 1
    first = end
    while first and isinstance(blocks[first - 1], Reasoning):
        first -= 1
    kept = [block for block in blocks[first:end] if isinstance(block, Reasoning)]
    if any(block.state == thought.state for block in kept):
        return
    if "".join(block.text for block in kept if block.state is None) == thought.text:
        blocks[first:end] = [block for block in kept if block.state is not None]
        end -= sum(block.state is None for block in kept)
    blocks.insert(end, thought)


def decode_part(part: Members, calls: Calls) -> list[Block]:
    """The block of one part; two where a call's signature brings back a thought that travelled on it."""
    kinds = [name for name in DATA if name in part.raw]
    if len(kinds) > 1:
        raise bad_request(f"{part.path}: a part holds one of {', '.join(kinds)}, not several.", param=part.path)
    kind = kinds[0] if kinds else ""
    if kind in DECODERS:
        return [DECODERS[kind](part)]
    if kind == "functionCall":
        return _call(part, calls)
    if kind == "functionResponse":
        return [_response(part, calls)]
    return [Opaque(origin=PROTOCOL, kind=kind, raw=part.whole())]


def _state(part: Members) -> ReasoningState | None:
    return decode_signature(part.take("thoughtSignature", str)).state


def _text(part: Members) -> Block:
    kept: Object = {} if "text" in part.raw else {"text": NULL}
    flag = part.peek("thought")
    text, thought = part.take("text", str) or "", part.take("thought", bool)
    state = _state(part)
    if flag is not None and not thought:
        kept["thought"] = flag
    extras = with_twins(part.rest(PROTOCOL), PROTOCOL, kept)
    if thought:
        return Reasoning(text=text, state=state, extras=extras)
    if not text and state is not None:
        return Reasoning(redacted=True, state=state, extras=extras)
    return Text(text=text, state=state, extras=extras)


# --- media


def _blob(part: Members) -> tuple[Source, str | None, Object]:
    """The bytes, their name, and the blob as it stood where it cannot be written again from these."""
    raw = part.peek("inlineData")
    blob = take_node(part, "inlineData")
    if blob is None or raw is None:
        raise bad_request(f"{part.where('inlineData')} is missing.", param=part.where("inlineData"))
    data, media_type = blob.require("data", str), blob.take("mimeType", str) or "application/octet-stream"
    standard = data.replace("-", "+").replace("_", "/")
    standard += "=" * (-len(standard) % 4)
    name = blob.take("displayName", str)
    kept: Object = {"inlineData": raw} if standard != data or blob.raw or name is not None else {}
    return InlineData(media_type, standard), name, kept


def _inline(part: Members) -> Block:
    source, name, kept = _blob(part)
    return _media(part, source, source.media_type if isinstance(source, InlineData) else "", name, kept)


FILES = "generativelanguage.googleapis.com/"
SUFFIXES = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif",
    "heic": "image/heic", "pdf": "application/pdf", "txt": "text/plain", "md": "text/markdown", "csv": "text/csv",
    "html": "text/html", "mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm", "mp3": "audio/mpeg",
    "wav": "audio/wav", "ogg": "audio/ogg", "flac": "audio/flac",
}  # fmt: skip
VIDEO_SITES = ("youtube.com/", "youtu.be/")


def guess_media_type(url: str) -> str | None:
    """By the ending of a URL's path; None for an unknown one."""
    path = url.split("?", 1)[0].split("#", 1)[0]
    return SUFFIXES.get(path.rpartition(".")[2].lower())


def _file(part: Members) -> Block:
    raw = part.peek("fileData")
    data = take_node(part, "fileData")
    if data is None or raw is None:
        raise bad_request(f"{part.where('fileData')} is missing.", param=part.where("fileData"))
    uri, media_type = data.require("fileUri", str), data.take("mimeType", str)
    name = data.take("displayName", str)
    public = uri.startswith(("https://", "http://")) and FILES not in uri
    source: Source = Url(uri, media_type) if public else FileId(PROTOCOL, uri, media_type)
    kind = media_type or guess_media_type(uri) or ("video/*" if any(site in uri for site in VIDEO_SITES) else "")
    return _media(part, source, kind, name, {"fileData": raw})


def _media(part: Members, source: Source, media_type: str, name: str | None, kept: Object) -> Block:
    state = part.take_raw("thoughtSignature")
    if state is not None:
        kept = {**kept, "thoughtSignature": state}
    extras = with_twins(part.rest(PROTOCOL), PROTOCOL, kept)
    kind = media_type.split("/", 1)[0]
    if kind == "image":
        return Image(source=source, extras=extras)
    if kind == "audio":
        return Audio(source=source, extras=extras)
    if kind == "video":
        return Video(source=source, extras=extras)
    return Document(source=source, name=name, extras=extras)


DECODERS: dict[str, Callable[[Members], Block]] = {"": _text, "text": _text, "inlineData": _inline, "fileData": _file}


# --- calls and their responses


def _call(part: Members, calls: Calls) -> list[Block]:
    call = take_node(part, "functionCall")
    if call is None:
        raise bad_request(f"{part.where('functionCall')} is null.", param=part.where("functionCall"))
    kept: Object = {}
    signature = part.peek("thoughtSignature")
    state, words = decode_signature(part.take("thoughtSignature", str))
    if state is not None and signature is not None and state.value in STAND_INS:
        state, kept["thoughtSignature"] = None, signature
    name, arguments = call.require("name", str), call.take_raw("args")
    if arguments is None:
        kept["functionCall.args"] = NULL
    for member in ("partialArgs", "willContinue"):
        call.raw.pop(member, None)
    extras = part.rest(PROTOCOL)
    members = {**(extras.members if extras else {}), **{f"functionCall.{key}": raw for key, raw in call.raw.items()}}
    block = ToolCall(
        id=calls.call(name, call.take("id", str)),
        name=name,
        arguments="{}" if arguments is None else bytes(arguments).decode(),
        state=state if state is not None and is_sealed(state) and words is None else None,
        extras=_extras({key: raw for key, raw in members.items() if key != "functionCall.id"}, kept),
    )
    if state is None or block.state is not None:
        return [block]
    if words is None:
        return [apart(state), block]
    return [Reasoning(text=words, redacted=not words, state=state), block]


def _response(part: Members, calls: Calls) -> Block:
    raw = part.peek("functionResponse")
    response = take_node(part, "functionResponse")
    if response is None or raw is None:
        raise bad_request(f"{part.where('functionResponse')} is null.", param=part.where("functionResponse"))
    name = response.require("name", str)
    call_id = calls.response(name, response.take("id", str))
    content, is_error = _answer(response.take_raw("response"))
    for inner in take_nodes(response, "parts"):
        content += decode_part(inner, calls)
    lost = {f"functionResponse.{key}": value for key, value in response.raw.items() if value != NULL}
    rest = part.rest(PROTOCOL)
    return ToolResult(
        call_id=call_id,
        name=name,
        content=tuple(content),
        is_error=is_error,
        plain=len(content) == 1 and isinstance(content[0], Text),
        extras=_extras({**(rest.members if rest else {}), **lost}, {"functionResponse": raw}),
    )


OUTPUTS = ("output", "result")


def _answer(raw: msgspec.Raw | None) -> tuple[list[Block], bool | None]:
    """``response``: by Google's convention ``output`` holds what the function said and ``error`` what went wrong; without
    them the whole object is the output."""
    if raw is None:
        return [], None
    try:
        members = msgspec.json.decode(raw, type=Object)
    except UNREADABLE:
        raise bad_request("functionResponse.response must be an object.", param="functionResponse.response") from None
    if len(members) == 1:
        (name, value), failed = next(iter(members.items())), "error" in members
        if failed or name in OUTPUTS:
            text = msgspec.json.decode(value, type=str) if is_string(value) else bytes(value).decode()
            return [Text(text=text)], True if failed else None
    return [Text(text=bytes(raw).decode())], None


def _extras(members: Object, twins: Object) -> Extras | None:
    return Extras(PROTOCOL, members, twins) if members or twins else None
