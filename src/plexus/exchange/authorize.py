"""The credential of an account that makes a new one for each request, or asks for one: put on when all else is final."""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import ErrorKind, GatewayError
from plexus.exchange.exchange import Attempt
from plexus.exchange.gateway import Gateway
from plexus.providers.sigv4 import Signable
from plexus.upstream.request import UpstreamRequest

CONTENT_TYPE = (b"content-type", b"application/json")
WRITTEN = b"content-type: application/json\r\n"
"""As in the fixed fields (``fixed_fields``)."""


async def authorize(request: UpstreamRequest, attempt: Attempt, gateway: Gateway) -> UpstreamRequest:
    """``request`` with the fields of the provider's account. Raises ProviderError, TransportError: as if the provider itself
    had failed."""
    provider = attempt.target.provider
    if provider.auth.get(attempt.protocol) != "account":
        return request
    named = [field for field in (*provider.headers, *request.headers) if field[0].startswith(b"x-amz-")]
    signable = Signable(
        method=request.method,
        host=request.origin.authority,
        target=request.target,
        headers=(*named, *((CONTENT_TYPE,) if WRITTEN in request.lines else ())),
        body=request.body,
    )
    fields = await gateway.authorizer.authorize(provider, signable)
    return msgspec.structs.replace(request, headers=[*request.headers, *fields])


def note_refusal(failure: GatewayError, attempt: Attempt, gateway: Gateway) -> None:
    """A token that the provider refuses is not tried again."""
    if failure.kind is ErrorKind.UPSTREAM_AUTH and attempt.target.provider.account is not None:
        gateway.authorizer.forget(attempt.target.provider)
