"""Accounts whose credential is no fixed text: what goes upstream is made of it, per request or for an hour.

Values only. Secrets never appear in a repr.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class AwsAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Signs each request (Signature Version 4). Without keys, they are the profile's; without one, the environment's."""

    region: str
    access_key_id: str | None = None
    secret_access_key: str | None = None
    session_token: str | None = None
    profile: str | None = None

    def __repr__(self) -> str:
        return f"AwsAccount({self.region!r}, {self.access_key_id!r}, profile={self.profile!r}, ***)"


class GoogleAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Asks Google for access tokens. ``credentials`` is a key as JSON text; None: the environment's."""

    credentials: str | None = None

    def __repr__(self) -> str:
        return "GoogleAccount(***)"


class EntraAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Asks Microsoft Entra for access tokens, as an application (client credentials)."""

    tenant_id: str
    client_id: str
    client_secret: str
    scope: str
    authority: str

    def __repr__(self) -> str:
        return f"EntraAccount({self.tenant_id!r}, {self.client_id!r}, ***)"


Account: TypeAlias = AwsAccount | GoogleAccount | EntraAccount
