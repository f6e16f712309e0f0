"""What a provider's protocol cannot take of a request to embed: refused where it is content, else a loss."""

from __future__ import annotations

from plexus.canonical.embedding import EmbedRequest, Tokens
from plexus.canonical.errors import bad_request
from plexus.canonical.losses import Losses


def refuse_formats(request: EmbedRequest) -> None:
    """Raises ClientError where the client wants numbers that only Cohere makes."""
    for encoding in request.encodings:
        if encoding not in ("float", "base64"):
            raise bad_request(
                f"embedding_types: this provider makes no {encoding}. Ask for float or base64.", param="embedding_types"
            )


def texts_of(request: EmbedRequest, most: int) -> list[str]:
    """The inputs, for a provider that takes texts alone, ``most`` in one call. Raises ClientError."""
    if len(request.inputs) > most:
        raise bad_request(f"This provider embeds at most {most} inputs in one call. Send fewer.", param="input")
    texts = [one for one in request.inputs if not isinstance(one, Tokens)]
    if len(texts) < len(request.inputs):
        raise bad_request("This provider has another vocabulary: send texts, not tokens.", param="input")
    return texts


def lose_extras(request: EmbedRequest, protocol: str, losses: Losses) -> None:
    """Name the members that only another protocol knows."""
    if request.extras is not None and request.extras.origin != protocol:
        for name in request.extras.members:
            losses.add(name, "foreign")
