"""The credential of an account, put on when all else is final."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.builders import provider, route, snapshot, target
from tests.exchange.parts import Lab, json_reply, lab

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.canonical.headers import Field
from plexus.domain.account import AwsAccount
from plexus.domain.provider import Provider
from plexus.providers.sigv4 import Signable

ACCOUNT = AwsAccount(region="us-east-1")


@dataclass
class Notary:
    """Stands for ``providers.authorizer``: notes what it signs."""

    failure: ProviderError | None = None
    signed: list[Signable] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)

    async def authorize(self, provider: Provider, request: Signable) -> list[Field]:
        self.signed.append(request)
        if self.failure is not None:
            raise self.failure
        return [(b"authorization", b"signed")]

    def forget(self, provider: Provider) -> None:
        self.forgotten.append(provider.name)


def signing(*script: Any, scheme: Any = "account", **members: Any) -> tuple[Lab, Notary]:
    of = provider(account=ACCOUNT, auth={"openai_chat": scheme}, **members)
    found = lab(*script, of=snapshot(route("chat", target(of))))
    notary = found.gateway.authorizer = Notary()
    return found, notary


async def test_what_is_signed_is_what_is_sent() -> None:
    found, notary = signing(json_reply(), headers=((b"x-amz-team", b"a"), (b"x-other", b"b")))
    await found.ask()
    (request,), (signed,) = found.upstream.requests, notary.signed
    assert (signed.method, signed.target, signed.body) == (request.method, request.target, request.body)
    assert signed.host == request.origin.authority
    assert signed.headers == ((b"x-amz-team", b"a"), (b"content-type", b"application/json"))
    assert (b"authorization", b"signed") in list(request.headers)
    assert b"Bearer" not in request.lines


async def test_a_scheme_of_its_own_needs_no_signature() -> None:
    found, notary = signing(json_reply(), scheme="bearer")
    await found.ask()
    assert notary.signed == []
    assert b"authorization: Bearer upstream-secret" in found.upstream.requests[0].lines


async def test_without_a_credential_nothing_is_sent() -> None:
    found, notary = signing()
    notary.failure = ProviderError(ErrorKind.UPSTREAM_AUTH, "The provider's credential is missing.", hint="no keys")
    record = await found.ask()
    assert found.sink.status == 502
    assert found.upstream.requests == []
    assert record.attempts[0].error == "upstream_auth"


async def test_a_refused_credential_is_forgotten() -> None:
    found, notary = signing(json_reply({"error": {"message": "expired"}}, 401))
    await found.ask()
    assert notary.forgotten == ["acme"]
    found, notary = signing(json_reply({"error": {"message": "bad"}}, 400))
    await found.ask()
    assert notary.forgotten == []
