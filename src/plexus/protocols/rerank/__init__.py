"""Rerank: documents in the order of their relevance. This page is the table of contents.

- ``jina_voyage``: ``/v1/rerank``, as Jina, Voyage and many others have it; ``cohere``: ``/v2/rerank``.
"""

from __future__ import annotations

from plexus.protocols.codec import fixed_path
from plexus.protocols.cohere import CODEC as COHERE_CHAT
from plexus.protocols.cohere.errors import encode_error as encode_cohere_error
from plexus.protocols.openai_chat import CODEC as CHAT
from plexus.protocols.rerank import cohere, jina_voyage
from plexus.protocols.simple import Answering, Asking, simple

JINA_VOYAGE = simple(
    (jina_voyage.PROTOCOL, "rerank"),
    CHAT.default_dialect,
    fixed_path(jina_voyage.PATH),
    Asking(jina_voyage.encode_request, jina_voyage.decode_response, CHAT.decode_error),
    Answering(jina_voyage.decode_request, jina_voyage.encode_response, CHAT.encode_error),
    jina_voyage.look,
    serves=jina_voyage.serves,
    fits=jina_voyage.fits,
)
COHERE = simple(
    (cohere.PROTOCOL, "rerank"),
    COHERE_CHAT.default_dialect,
    fixed_path(cohere.PATH),
    Asking(cohere.encode_request, jina_voyage.decode_response, COHERE_CHAT.decode_error),
    Answering(cohere.decode_request, cohere.encode_response, encode_cohere_error),
    jina_voyage.look,
)

CODECS = (JINA_VOYAGE, COHERE)
