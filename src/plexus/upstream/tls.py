"""TLS contexts, one for each way to trust, made when first needed (loading the system's certificates takes 20 ms)."""

from __future__ import annotations

import ssl

from plexus.domain.provider import TlsSettings


class TlsContexts:
    """Builds and keeps the contexts."""

    def __init__(self) -> None:
        self._contexts: dict[TlsSettings, ssl.SSLContext] = {}

    def get(self, settings: TlsSettings) -> ssl.SSLContext:
        """The context for ``settings``. Raises OSError or ssl.SSLError for files that cannot be used."""
        context = self._contexts.get(settings)
        if context is None:
            context = self._contexts[settings] = build_context(settings)
        return context


def build_context(settings: TlsSettings) -> ssl.SSLContext:
    """A client context: TLS 1.2 or newer, the system's trust store unless ``ca_file`` is named, HTTP/1.1 by ALPN."""
    context = ssl.create_default_context(cafile=settings.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if settings.cert_file is not None:
        # Without a password OpenSSL would ask for one on the terminal.
        context.load_cert_chain(settings.cert_file, settings.key_file, password="")
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
