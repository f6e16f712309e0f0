"""Requests of Messages, both ways.

- ``decode``: a client's body -> GenerateRequest.
- ``encode``: GenerateRequest -> the body for a provider, with what it could not say.
- ``turns`` joins turns as Messages wants them; ``blocks`` writes their content; ``tools``, ``thinking``, ``settings`` the
  rest.
"""

from plexus.protocols.anthropic_messages.request.decode import decode_request
from plexus.protocols.anthropic_messages.request.encode import encode_request

__all__ = ["decode_request", "encode_request"]
