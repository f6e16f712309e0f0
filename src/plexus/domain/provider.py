"""An upstream account: where (endpoints), who (credential), and how it differs (dialects)."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal, TypeAlias
from urllib.parse import quote

import msgspec

from plexus.canonical.headers import Field
from plexus.domain.account import Account

AuthScheme: TypeAlias = Literal["bearer", "x-api-key", "x-goog-api-key", "api-key", "query", "account", "none"]
"""``account``: made for each request by ``providers.authorizer``."""


class Origin(msgspec.Struct, frozen=True):
    """Where connections go: what a pool is keyed by. ``tls`` is None for plain HTTP."""

    host: str
    port: int
    tls: TlsSettings | None = None

    @property
    def authority(self) -> str:
        """``host[:port]`` as the Host header wants it (RFC 9110 section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = 443 if self.tls is not None else 80
        return host if self.port == default else f"{host}:{self.port}"


class TlsSettings(msgspec.Struct, frozen=True):
    """How to trust: the system's store when ``ca_file`` is None; a client certificate where the files are named."""

    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    verify: bool = True


MODEL = "{model}"
"""What stands for the upstream model in an address."""


class Endpoint(msgspec.Struct, frozen=True):
    """One protocol's address at a provider. ``prefix`` is the base URL's path without a trailing slash (``/v1``).

    ``path`` and ``stream_path`` stand for the operation's own path, where a cloud has one of its own; ``{model}`` in any of
    them is the upstream model. ``query`` goes with every request.
    """

    protocol: str
    origin: Origin
    prefix: str
    query: bytes = b""
    path: str | None = None
    stream_path: str | None = None

    def address(self, path: str, model: str, stream: bool) -> str:
        """The path of a call, as it is sent. ``path`` is the operation's own."""
        if self.path is not None:
            path = self.stream_path if stream and self.stream_path is not None else self.path
        whole = self.prefix + path
        return whole.replace(MODEL, quote(model, safe="@")) if MODEL in whole else whole


class Credential(msgspec.Struct, frozen=True):
    """The secret that goes upstream. ``secret`` never appears in a repr."""

    name: str
    secret: str

    def __repr__(self) -> str:
        return f"Credential({self.name!r}, ***)"


class Timeouts(msgspec.Struct, frozen=True):
    """Limits in seconds (docs/failures). None switches a limit off."""

    connect: float = 5.0
    first_byte: float | None = 60.0
    """To the response head of a streamed call; a JSON call has only the total."""
    first_token: float | None = None
    idle: float | None = 180.0
    """Between two bytes of a stream."""
    progress: float | None = 300.0
    """Between two meaningful events of a stream: pings are bytes, not progress."""
    total: float = 600.0
    total_stream: float = 3600.0


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """One configured account. ``dialects`` is keyed by protocol; its values are that protocol's dialect records."""

    name: str
    display_name: str
    preset: str | None = None
    endpoints: dict[str, Endpoint]
    credential: Credential | None = None
    account: Account | None = None
    """For the scheme ``account``."""
    auth: dict[str, AuthScheme]
    """By protocol: the same account may want ``x-api-key`` for Messages and a bearer token for Chat."""
    headers: tuple[Field, ...] = ()
    extra_body: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)
    enabled: bool = True
    models: tuple[str, ...] = ("*",)
    """Globs of upstream models that ``direct/<provider>/<model>`` may reach."""
    dialects: dict[str, msgspec.Struct] = msgspec.field(default_factory=dict)
    model_dialects: tuple[tuple[str, dict[str, msgspec.Struct]], ...] = ()
    """(glob over upstream models, merged dialects by protocol): the first glob that matches wins over ``dialects``."""
    passthrough: tuple[str, ...] | None = None
    """Paths, from its host's root, below which raw calls may go; empty: below its base URLs; None: nowhere."""
    timeouts: Timeouts = Timeouts()
    max_response_bytes: int = 64 * 1024 * 1024

    def dialects_for(self, model: str) -> dict[str, msgspec.Struct]:
        """The dialect records, by protocol, that hold for the upstream ``model``."""
        for glob, dialects in self.model_dialects:
            if fnmatchcase(model, glob):
                return {**self.dialects, **dialects}
        return self.dialects
