"""Requests, both ways.

- ``decode``: a client's body -> GenerateRequest; ``messages`` reads its turns.
- ``encode``: GenerateRequest -> a provider's body; ``turns`` and ``parts`` write its turns.
- ``tools``: tools and the choice among them; ``settings``: sampling, output, bounds; ``effort``: how much to think.

``encode_request(decode_request(x))`` is ``x`` as a JSON value, but for: nulls, ``stream: false`` and empty annotations are
left out; ``stop`` is a list; the bound has the dialect's name; a stream asks for its usage; pictures and files in bare
form get their full one; ``index`` goes from whole tool calls; ``content: null`` stands where an assistant said no text.
"""

from __future__ import annotations

from plexus.protocols.openai_chat.request.decode import decode_request
from plexus.protocols.openai_chat.request.encode import PATH, encode_request

__all__ = ["PATH", "decode_request", "encode_request"]
