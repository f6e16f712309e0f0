"""TLS contexts, one per way to trust, each built when it is first needed."""

from __future__ import annotations

import ssl

from plexus.domain.provider import TlsSettings


class TlsContexts:
    """Keeps what it has built: reading the system's certificates takes tens of milliseconds, once."""

    __slots__ = ("_contexts",)

    def __init__(self) -> None:
        self._contexts: dict[TlsSettings, ssl.SSLContext] = {}

    def get(self, settings: TlsSettings) -> ssl.SSLContext:
        """The context for ``settings``. Raises OSError (SSLError is one) or ValueError for unusable files."""
        context = self._contexts.get(settings)
        if context is None:
            context = self._contexts[settings] = build_context(settings)
        return context


def build_context(settings: TlsSettings) -> ssl.SSLContext:
    """At least TLS 1.2; trusts ``ca_file`` alone where it is named, else the system (OpenSSL obeys SSL_CERT_FILE).

    ALPN offers HTTP/1.1 only (RFC 7301): a server that would rather speak HTTP/2 must not.
    """
    context = ssl.create_default_context(cafile=settings.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if settings.cert_file is not None:
        context.load_cert_chain(settings.cert_file, settings.key_file, password=_no_password)
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _no_password() -> str:
    """OpenSSL would ask for one on the terminal, and the process would hang."""
    raise ValueError("the private key is encrypted; store it without a password")
