"""Where pictures, sounds and files of Chat stand: ``data:`` URLs (RFC 2397), addresses, ids."""

from __future__ import annotations

import re

from plexus.canonical.content import FileId, InlineData, Source, Url
from plexus.protocols.openai_chat.members import PROTOCOL

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+);base64,", re.ASCII)
_TYPES_BY_ENDING = {
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "html": "text/html",
    "json": "application/json",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
AUDIO_FORMATS = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}
"""The media types that ``input_audio`` has a word for."""
AUDIO_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg"}


def read_url(url: str) -> InlineData | Url:
    """The source of a ``url``: the bytes themselves where it is a ``data:`` URL in base64."""
    match = _DATA_URL.match(url)
    return Url(url) if match is None else InlineData(match[1], url[match.end() :])


def write_url(source: InlineData | Url) -> str:
    """The other way."""
    return source.url if isinstance(source, Url) else f"data:{source.media_type};base64,{source.base64}"


def read_file(data: str | None, file_id: str | None, name: str | None) -> Source | None:
    """The source of a ``file`` part. OpenAI's own examples give bare base64 as well as ``data:`` URLs."""
    if data is None:
        return None if file_id is None else FileId(PROTOCOL, file_id)
    if data.startswith(("http://", "https://")):
        return Url(data)
    source = read_url(data)
    if isinstance(source, InlineData):
        return source
    ending = (name or "").rpartition(".")[2].lower()
    return InlineData(_TYPES_BY_ENDING.get(ending, "application/pdf"), data)


def file_name(name: str | None, media_type: str) -> str:
    """A file's name, which Chat wants with every file."""
    if name:
        return name
    ending = next((ending for ending, known in _TYPES_BY_ENDING.items() if known == media_type), "bin")
    return f"document.{ending}"
