"""Images as OpenAI answers them: a small PNG in a colour that follows from the prompt."""

from __future__ import annotations

import base64
import hashlib
import struct
import zlib
from collections.abc import Callable
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from plexus.mock_provider.answer import Json
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.frame import Frame
from plexus.mock_provider.operations.form import Form, missing, read_form
from plexus.mock_provider.operations.reading import read_openai
from plexus.mock_provider.stage import Desk
from plexus.mock_provider.tokens import PER_IMAGE, count

OUTPUT_TOKENS: Final = 272
"""Tokens of one image."""
MOST: Final = 10
_EDGE = 8


class Request(Struct, forbid_unknown_fields=True):
    """The body of ``/v1/images/generations``."""

    prompt: Annotated[str, Meta(min_length=1, max_length=32_000)]
    model: str | None = None
    n: Annotated[int, Meta(ge=1, le=MOST)] | None = None
    quality: Literal["auto", "high", "medium", "low", "hd", "standard"] | None = None
    response_format: Literal["url", "b64_json"] | None = None
    output_format: Literal["png", "jpeg", "webp"] | None = None
    output_compression: Annotated[int, Meta(ge=0, le=100)] | None = None
    stream: bool | None = None
    partial_images: Annotated[int, Meta(ge=0, le=3)] | None = None
    size: Annotated[str, Meta(pattern=r"^(auto|\d{3,4}x\d{3,4})$")] | None = None
    moderation: Literal["auto", "low"] | None = None
    background: Literal["auto", "opaque", "transparent"] | None = None
    style: Literal["vivid", "natural"] | None = None
    user: str | None = None


_DECODER = msgspec.json.Decoder(Request)
_EDITED: Final = frozenset(
    {
        "background",
        "image",
        "input_fidelity",
        "mask",
        "model",
        "n",
        "output_compression",
        "output_format",
        "partial_images",
        "prompt",
        "quality",
        "response_format",
        "size",
        "stream",
        "user",
    }
)
_VARIED: Final = frozenset({"image", "model", "n", "response_format", "size", "user"})
Answer = Json | list[Frame]


def generate(desk: Desk) -> Callable[[], Answer]:
    """``POST /v1/images/generations``."""
    request = read_openai(_DECODER, desk.call.body)
    if request.stream:
        return lambda: _events(desk, "image_generation", request.prompt, request.partial_images or 0, 0)
    return lambda: _reply(desk, request.prompt, request.n or 1, 0, as_url=request.response_format == "url")


def edit(desk: Desk) -> Callable[[], Answer]:
    """``POST /v1/images/edits``."""
    form = read_form(desk.call, _EDITED)
    prompt = form.need("prompt")
    pictures = form.files("image")
    if not pictures:
        raise missing("image")
    number = _number(form)
    if form.text("stream") == "true":
        partial = int(form.text("partial_images") or 0)
        return lambda: _events(desk, "image_edit", prompt, partial, len(pictures))
    shape = form.choice("response_format", ("b64_json", "url"))
    return lambda: _reply(desk, prompt, number, len(pictures), as_url=shape == "url")


def vary(desk: Desk) -> Callable[[], Json]:
    """``POST /v1/images/variations``."""
    form = read_form(desk.call, _VARIED)
    pictures = form.files("image")
    if not pictures:
        raise missing("image")
    number, shape = _number(form), form.choice("response_format", ("url", "b64_json"))
    return lambda: _reply(desk, pictures[0].filename or "", number, 1, as_url=shape == "url")


def _number(form: Form) -> int:
    written = form.text("n") or "1"
    if not (written.isdecimal() and 1 <= int(written) <= MOST):
        raise Refused(f"Invalid value for 'n': expected 1 to {MOST}, got {written}.", param="n", code="invalid_value")
    return int(written)


def _events(desk: Desk, kind: str, prompt: str, partial: int, given: int) -> list[Frame]:
    """Pictures that become clearer, then the one that was asked for."""
    made = _reply(desk, prompt, 1, given, as_url=False)
    more: Json = {
        "created_at": desk.created,
        **{name: made[name] for name in ("background", "output_format", "quality", "size")},
    }
    frames = []
    for index in range(partial):
        name = f"{kind}.partial_image"
        data: Json = {
            "type": name,
            "b64_json": _picture(f"{prompt}/{index - partial}"),
            "partial_image_index": index,
            **more,
        }
        frames.append(Frame("delta", data, name))
    name = f"{kind}.completed"
    last: Json = {"type": name, "b64_json": _picture(f"{prompt}/0"), **more, "usage": made["usage"]}
    return [*frames, Frame("finish", last, name)]


def _picture(text: str) -> str:
    return base64.b64encode(png(text)).decode()


def _reply(desk: Desk, prompt: str, number: int, given: int, *, as_url: bool) -> Json:
    found: list[Json] = []
    for index in range(number):
        data = _picture(f"{prompt}/{index}")
        found.append({"url": f"data:image/png;base64,{data}"} if as_url else {"b64_json": data})
    text, seen = count(prompt), given * PER_IMAGE
    used = desk.input_tokens(text + seen)
    made = OUTPUT_TOKENS * number
    return {
        "created": desk.created,
        "background": "opaque",
        "data": found,
        "output_format": "png",
        "quality": "low",
        "size": "1024x1024",
        "usage": {
            "input_tokens": used,
            "input_tokens_details": {"image_tokens": min(seen, used), "text_tokens": max(0, used - seen)},
            "output_tokens": made,
            "total_tokens": used + made,
        },
    }


def png(text: str) -> bytes:
    """A small image of one colour. https://www.w3.org/TR/png-3/"""
    colour = hashlib.sha256(text.encode()).digest()[:3]
    rows = (b"\0" + colour * _EDGE) * _EDGE
    head = struct.pack(">IIBBBBB", _EDGE, _EDGE, 8, 2, 0, 0, 0)
    pieces = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in pieces
    )
