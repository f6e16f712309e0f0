"""What a request carries where the credential is no fixed text: a signature of its own, or a token that was asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import assert_never

from plexus.canonical.headers import Field
from plexus.domain.account import AwsAccount, EntraAccount, GoogleAccount
from plexus.domain.provider import Provider
from plexus.providers import google
from plexus.providers.aws import AwsFiles, bearer_token
from plexus.providers.sigv4 import Scope, Signable, sign
from plexus.providers.tokens import Fetch, Question, Tokens

SERVICE = "bedrock"
"""What signatures hold for (Bedrock's signing name, whatever its host is called)."""


class Authorizer:
    """Makes the fields of each account's requests. ``environ`` names keys; ``clock`` gives unix seconds."""

    def __init__(self, fetch: Fetch, environ: Mapping[str, str], clock: Callable[[], float] = time.time) -> None:
        self._environ = environ
        self._clock = clock
        self._files = AwsFiles(environ)
        self._tokens = Tokens(fetch, clock)

    async def authorize(self, provider: Provider, request: Signable) -> list[Field]:
        """The fields that ``request`` needs beside its own. Raises ProviderError, TransportError."""
        account = provider.account
        match account:
            case None:
                return []
            case AwsAccount():
                token = bearer_token(account, self._environ)
                if token is not None:
                    return [_bearer(token)]
                scope = Scope(account.region, SERVICE)
                return sign(request, self._files.find_keys(account), scope, self._clock())
            case GoogleAccount():
                return [_bearer(await self._tokens.get(account, lambda: self._ask_google(account)))]
            case EntraAccount():
                return [_bearer(await self._tokens.get(account, lambda: ask_entra(account)))]
            case _:
                assert_never(account)

    def forget(self, provider: Provider) -> None:
        """The provider refused what ``authorize`` gave."""
        self._tokens.forget(provider.account)

    def _ask_google(self, account: GoogleAccount) -> Question:
        return google.ask(google.find_key(account.credentials, self._environ), self._clock())

    async def close(self) -> None:
        """Ask for no more tokens."""
        await self._tokens.close()


def _bearer(token: str) -> Field:
    return (b"authorization", b"Bearer " + token.encode())


def ask_entra(account: EntraAccount) -> Question:
    """https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow"""
    form = {
        "grant_type": "client_credentials",
        "client_id": account.client_id,
        "client_secret": account.client_secret,
        "scope": account.scope,
    }
    return Question(f"{account.authority.rstrip('/')}/{account.tenant_id}/oauth2/v2.0/token", form)
