"""``certs/make.sh`` makes the certificates: ``authority`` signed ``server``, ``client`` and ``expired``, ``stranger`` nothing."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from tests.upstream.servers import OK, request, serving

from plexus.canonical.errors import ErrorKind, TransportError
from plexus.domain.provider import Origin, TlsSettings
from plexus.upstream.client import UpstreamClient
from plexus.upstream.tls import TlsContexts, build_context

CERTS = Path(__file__).parent / "certs"
AUTHORITY, STRANGER = str(CERTS / "authority.pem"), str(CERTS / "stranger.pem")
CLIENT, ENCRYPTED = str(CERTS / "client.pem"), str(CERTS / "encrypted.pem")


def server_context(certificate: str, *, asks: bool = False) -> ssl.SSLContext:
    """TLS 1.2 where it ``asks`` for our certificate: TLS 1.3 refuses it only after the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTS / certificate)
    if asks:
        context.load_verify_locations(AUTHORITY)
        context.verify_mode = ssl.CERT_REQUIRED
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


async def outcome(settings: TlsSettings, context: ssl.SSLContext, host: str = "localhost") -> ErrorKind | None:
    """The failure of a call to a server with TLS; None when it answers."""
    client = UpstreamClient()
    try:
        async with serving(OK, tls=context) as server:
            reply = await client.send(request(Origin(host, server.origin.port, settings)), whole=True)
            assert await reply.body(10) == b"hi"
    except TransportError as failure:
        return failure.kind
    finally:
        await client.close()
    return None


TRUST = [
    ("its authority is named", TlsSettings(ca_file=AUTHORITY), "server.pem", True),
    ("the system does not know its authority", TlsSettings(), "server.pem", False),
    ("another authority is named", TlsSettings(ca_file=STRANGER), "server.pem", False),
    ("its certificate is for another name", TlsSettings(ca_file=AUTHORITY), "client.pem", False),
    ("its certificate has expired", TlsSettings(ca_file=AUTHORITY), "expired.pem", False),
    ("nothing is checked", TlsSettings(verify=False), "client.pem", True),
    ("the file of authorities is missing", TlsSettings(ca_file=str(CERTS / "nothing.pem")), "server.pem", False),
    ("the file of authorities is none", TlsSettings(ca_file=__file__), "server.pem", False),
    ("our certificate's file is missing", TlsSettings(cert_file="nothing.pem"), "server.pem", False),
    ("our key needs a password", TlsSettings(cert_file=CLIENT, key_file=ENCRYPTED), "server.pem", False),
]


@pytest.mark.parametrize(
    ("settings", "certificate", "trusted"), [row[1:] for row in TRUST], ids=[row[0] for row in TRUST]
)
async def test_whom_we_trust(settings: TlsSettings, certificate: str, trusted: bool) -> None:
    assert (await outcome(settings, server_context(certificate)) is None) == trusted


async def test_an_address_is_a_name_too() -> None:
    assert await outcome(TlsSettings(ca_file=AUTHORITY), server_context("server.pem"), "127.0.0.1") is None


@pytest.mark.parametrize(
    ("ours", "admitted"), [(None, False), (CLIENT, True)], ids=["we have none", "it gets our certificate"]
)
async def test_a_server_that_wants_our_certificate(ours: str | None, admitted: bool) -> None:
    found = await outcome(TlsSettings(ca_file=AUTHORITY, cert_file=ours), server_context("server.pem", asks=True))
    assert (found is None) == admitted


def test_a_context_is_built_once() -> None:
    contexts = TlsContexts()
    one = contexts.get(TlsSettings(ca_file=AUTHORITY))
    assert contexts.get(TlsSettings(ca_file=AUTHORITY)) is one
    assert contexts.get(TlsSettings(ca_file=STRANGER)) is not one


def test_old_versions_are_refused_and_the_system_is_trusted() -> None:
    context = build_context(TlsSettings())
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert build_context(TlsSettings(ca_file=AUTHORITY)).cert_store_stats()["x509_ca"] == 1


def test_an_encrypted_key_is_refused_instead_of_asking_on_the_terminal() -> None:
    with pytest.raises((OSError, ValueError)):
        build_context(TlsSettings(cert_file=CLIENT, key_file=ENCRYPTED))
