"""Rerank: documents in the order of their relevance. This page is the table of contents.

- ``openly``: ``/v1/rerank``, as Jina, Voyage and many others have it; ``cohere``: ``/v2/rerank``.
"""

from __future__ import annotations

from plexus.protocols.codec import fixed_path
from plexus.protocols.cohere import CODEC as COHERE_CHAT
from plexus.protocols.cohere_errors import encode_error as encode_cohere_error
from plexus.protocols.openai_chat import CODEC as CHAT
from plexus.protocols.rerank import cohere, openly
from plexus.protocols.simple import Answering, Asking, simple

OPENLY = simple(
    (openly.PROTOCOL, "rerank"),
    CHAT.default_dialect,
    fixed_path(openly.PATH),
    Asking(openly.encode_request, openly.decode_response, CHAT.decode_error),
    Answering(openly.decode_request, openly.encode_response, CHAT.encode_error),
    openly.look,
    serves=openly.serves,
    fits=openly.fits,
)
COHERE = simple(
    (cohere.PROTOCOL, "rerank"),
    COHERE_CHAT.default_dialect,
    fixed_path(cohere.PATH),
    Asking(cohere.encode_request, openly.decode_response, COHERE_CHAT.decode_error),
    Answering(cohere.decode_request, cohere.encode_response, encode_cohere_error),
    openly.look,
)

CODECS = (OPENLY, COHERE)
