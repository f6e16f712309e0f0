"""The recorded provider traffic under ``tests/wire`` (format: its README), as values for tests."""

from __future__ import annotations

import base64
import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent / "wire"


@dataclass(frozen=True)
class Recording:
    """One exchange. ``sse``, ``ndjson`` and ``body`` are the reply as bytes, as they stood on the wire; one of them is not
    None."""

    id: str
    provider: str
    protocol: str
    fidelity: str
    features: frozenset[str]
    quirks: frozenset[str]
    request_path: str
    request_headers: dict[str, str]
    request: dict[str, Any] | None
    status: int
    response_headers: dict[str, str]
    body: bytes | None
    sse: bytes | None
    read_boundaries: tuple[int, ...]
    expect: str | None
    ndjson: bytes | None = None
    eventstream: bytes | None = None
    """A reply as an AWS event stream, byte for byte."""

    @property
    def stream(self) -> bytes | None:
        """The streamed reply, whatever its framing."""
        return self.sse if self.sse is not None else self.ndjson if self.ndjson is not None else self.eventstream

    @property
    def request_bytes(self) -> bytes:
        return json.dumps(self.request, ensure_ascii=False).encode()

    def __repr__(self) -> str:
        return self.id


def _load(path: Path) -> Recording:
    document = json.loads(path.read_text(encoding="utf-8"))
    request, response = document["request"], document["response"]
    body = json.dumps(response["body"], ensure_ascii=False).encode() if "body" in response else None
    text = response.get("sse")
    if body is None and text is None and "text" in response:
        body = response["text"].encode()
    return Recording(
        id=document["id"],
        provider=document["provider"],
        protocol=document["protocol"],
        fidelity=document["fidelity"],
        features=frozenset(document["features"]),
        quirks=frozenset(document["quirks"]),
        request_path=request["path"],
        request_headers=request["headers"],
        request=request["body"],
        status=response["status"],
        response_headers=response["headers"],
        body=body,
        sse=None if text is None else text.encode(),
        read_boundaries=tuple(response.get("read_boundaries", ())),
        expect=document.get("expect"),
        eventstream=base64.b64decode(response["eventstream_b64"]) if "eventstream_b64" in response else None,
        ndjson=response["ndjson"].encode() if "ndjson" in response else None,
    )


@functools.cache
def recordings(protocol: str) -> tuple[Recording, ...]:
    """Every recording of ``protocol`` (``openai.chat``, ``anthropic.messages`` …), quirk cases included."""
    folders = [ROOT / protocol, ROOT / "quirks"]
    found = [_load(path) for folder in folders for path in sorted(folder.glob("*.json"))]
    return tuple(recording for recording in found if recording.protocol == protocol)
