"""Embeddings: OpenAI's, Gemini's and Cohere's. This page is the table of contents.

- ``openai``, ``gemini``, ``cohere``: requests and replies of each, read and written.
- ``vectors``: numbers and base64; ``limits``: what a provider does not take.
"""

from __future__ import annotations

from plexus.protocols.codec import fixed_path
from plexus.protocols.cohere import CODEC as COHERE_CHAT
from plexus.protocols.cohere.errors import encode_error as encode_cohere_error
from plexus.protocols.embeddings import cohere, gemini, openai
from plexus.protocols.gemini import CODEC as GEMINI_CHAT
from plexus.protocols.openai_chat import CODEC as CHAT
from plexus.protocols.simple import Answering, Asking, simple

OPENAI = simple(
    (openai.PROTOCOL, "embed"),
    CHAT.default_dialect,
    fixed_path(openai.PATH),
    Asking(openai.encode_request, openai.decode_response, CHAT.decode_error),
    Answering(openai.decode_request, openai.encode_response, CHAT.encode_error),
    openai.look,
    fits=openai.fits,
)
COHERE = simple(
    (cohere.PROTOCOL, "embed"),
    COHERE_CHAT.default_dialect,
    fixed_path(cohere.PATH),
    Asking(cohere.encode_request, cohere.decode_response, COHERE_CHAT.decode_error),
    Answering(cohere.decode_request, cohere.encode_response, encode_cohere_error),
    cohere.look,
)
GEMINI = simple(
    (gemini.PROTOCOL, "embed"),
    GEMINI_CHAT.default_dialect,
    gemini.embed_path,
    Asking(gemini.encode_request, gemini.decode_response, GEMINI_CHAT.decode_error),
    Answering(gemini.decode_request, gemini.encode_response, GEMINI_CHAT.encode_error),
    gemini.look,
    edits=GEMINI_CHAT.edits,
    forwarded_headers=GEMINI_CHAT.forwarded_headers,
)
GEMINI_BATCH = simple(
    (gemini.PROTOCOL, "embed"),
    GEMINI_CHAT.default_dialect,
    gemini.batch_path,
    Asking(gemini.encode_request, gemini.decode_response, GEMINI_CHAT.decode_error),
    Answering(gemini.decode_batch, gemini.encode_response, GEMINI_CHAT.encode_error),
    gemini.look,
    edits=gemini.edit_batch,
    forwarded_headers=GEMINI_CHAT.forwarded_headers,
)
"""For a client's ``batchEmbedContents``."""

CODECS = (OPENAI, GEMINI, COHERE)
