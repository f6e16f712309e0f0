"""What each kind of account puts on a request."""

from __future__ import annotations

import json

import msgspec
from tests.builders import provider

from plexus.canonical.headers import Field
from plexus.domain.account import Account, AwsAccount, EntraAccount, GoogleAccount
from plexus.providers.authorizer import Authorizer
from plexus.providers.sigv4 import AwsKeys, Scope, Signable, sign

REQUEST = Signable(host="h", target=b"/t", body=b"{}")
AWS = AwsAccount(region="eu-central-1", access_key_id="AK", secret_access_key="sk")
USER = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}
GOOGLE = GoogleAccount(credentials=json.dumps(USER))
ENTRA = EntraAccount(
    tenant_id="ten", client_id="app", client_secret="sec", scope="s/.default", authority="https://login.example/"
)


class Service:
    """A token service."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def __call__(self, url: str, form: dict[str, str]) -> tuple[int, bytes]:
        self.asked.append((url, form))
        return 200, msgspec.json.encode({"access_token": f"t{len(self.asked)}", "expires_in": 3600})


async def fields(account: Account | None, service: Service, **environ: str) -> list[Field]:
    return await Authorizer(service, environ, lambda: 1440938160.0).authorize(provider(account=account), REQUEST)


async def test_an_aws_account_signs() -> None:
    service = Service()
    assert await fields(AWS, service) == sign(
        REQUEST, AwsKeys("AK", "sk"), Scope("eu-central-1", "bedrock"), 1440938160.0
    )
    key = await fields(AwsAccount(region="x"), service, AWS_BEARER_TOKEN_BEDROCK="key")
    assert key == [(b"authorization", b"Bearer key")]
    assert service.asked == []


async def test_google_is_asked_for_a_token() -> None:
    service = Service()
    assert await fields(GOOGLE, service) == [(b"authorization", b"Bearer t1")]
    assert [form["grant_type"] for _, form in service.asked] == ["refresh_token"]


async def test_entra_is_asked_for_a_token() -> None:
    service = Service()
    assert await fields(ENTRA, service) == [(b"authorization", b"Bearer t1")]
    assert service.asked == [
        (
            "https://login.example/ten/oauth2/v2.0/token",
            {"grant_type": "client_credentials", "client_id": "app", "client_secret": "sec", "scope": "s/.default"},
        )
    ]


async def test_two_providers_of_one_account_share_its_token_and_a_refusal_ends_it() -> None:
    service = Service()
    authorizer = Authorizer(service, {})
    one, other = provider("one", account=ENTRA), provider("other", account=ENTRA)
    first = await authorizer.authorize(one, REQUEST)
    assert await authorizer.authorize(other, REQUEST) == first
    authorizer.forget(one)
    assert await authorizer.authorize(one, REQUEST) == [(b"authorization", b"Bearer t2")]
    await authorizer.close()


async def test_no_account_needs_nothing() -> None:
    assert await fields(None, Service()) == []
