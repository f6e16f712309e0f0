"""Reading a JSON reply (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html)."""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import ClientError, ErrorKind, ProviderError
from plexus.canonical.headers import Headers
from plexus.canonical.response import Candidate, GenerateResponse
from plexus.protocols.bedrock_converse.content import PROTOCOL, decode_block
from plexus.protocols.bedrock_converse.dialect import ConverseDialect
from plexus.protocols.bedrock_converse.errors import decode_error
from plexus.protocols.bedrock_converse.finish import finish_of
from plexus.protocols.bedrock_converse.usage import decode_usage
from plexus.protocols.members import Members, Object
from plexus.protocols.unreadable import UNREADABLE


def decode_response(body: bytes, dialect: ConverseDialect) -> GenerateResponse:
    """A provider's reply. It names neither itself nor the model. Raises ProviderError for what is no reply."""
    del dialect
    try:
        reply = Members(msgspec.json.decode(body, type=Object))
        message = (reply.take_members("output") or Members({})).take_members("message")
        if message is None:
            error = reply.take("message", str)  # an error whose status says that all is well
            raise decode_error(500, Headers(), body) if error else malformed("The provider's reply has no message.")
        blocks = tuple(decode_block(block) for block in message.take_list("content"))
        word, raw_usage = reply.take("stopReason", str), reply.take_raw("usage")
        return GenerateResponse(
            origin=PROTOCOL,
            id="",
            model="",
            candidates=(Candidate(blocks=blocks, finish=finish_of(word) if word else None),),
            usage=decode_usage(raw_usage) if raw_usage is not None else None,
            service_tier=service_tier(reply),
        )
    except (ClientError, *UNREADABLE) as wrong:
        raise malformed(f"The provider's reply cannot be read: {wrong}") from None


def service_tier(reply: Members) -> str | None:
    """``serviceTier.type``."""
    tier = reply.take_members("serviceTier")
    return tier.take("type", str) if tier is not None else None


def malformed(message: str) -> ProviderError:
    """A 200 that is no reply."""
    return ProviderError(ErrorKind.UPSTREAM_MALFORMED, message, status=200)
