"""``certs/make.sh`` makes the certificates: ``authority`` signed ``server`` and ``client``, ``stranger`` nothing."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress

import pytest
from tests.http1.sockets import both_loops
from tests.http1.wire import run
from tests.upstream.provider import AUTHORITY, CERTS, Conversation, call, calling, greet, providing, server_context

from plexus.canonical.errors import ErrorKind, TransportError
from plexus.domain.provider import Origin, TlsSettings
from plexus.upstream.tls import TlsContexts, build_context

CLIENT = str(CERTS / "client.pem")
STRANGER = str(CERTS / "stranger.pem")
ENCRYPTED = str(CERTS / "encrypted.pem")


async def kind_of_failure(settings: TlsSettings, context: ssl.SSLContext) -> ErrorKind | None:
    """Of a call to a server with TLS."""
    async with providing(greet, context) as provider, calling() as client:
        try:
            reply = await client.send(call(Origin("localhost", provider.port, settings)), whole=True)
        except TransportError as failure:
            return failure.kind
        assert await reply.body(10) == b"hello"
        return None


TRUST = [
    ("its authority is named", TlsSettings(ca_file=AUTHORITY), "server.pem", True),
    ("the system does not know its authority", TlsSettings(), "server.pem", False),
    ("another authority is named", TlsSettings(ca_file=STRANGER), "server.pem", False),
    ("its certificate is for another name", TlsSettings(ca_file=AUTHORITY), "client.pem", False),
    ("nothing is checked", TlsSettings(verify=False), "client.pem", True),
    ("the file of authorities is missing", TlsSettings(ca_file=str(CERTS / "nothing.pem")), "server.pem", False),
    ("the file of authorities is none", TlsSettings(ca_file=__file__), "server.pem", False),
    ("our certificate's file is missing", TlsSettings(cert_file="nothing.pem"), "server.pem", False),
    ("our key needs a password", TlsSettings(cert_file=CLIENT, key_file=ENCRYPTED), "server.pem", False),
]


@both_loops
@pytest.mark.parametrize(
    ("settings", "certificate", "trusted"), [row[1:] for row in TRUST], ids=[row[0] for row in TRUST]
)
def test_whom_we_trust(loop: str, settings: TlsSettings, certificate: str, trusted: bool) -> None:
    async def test() -> None:
        kind = await kind_of_failure(settings, server_context(certificate))
        assert kind is (None if trusted else ErrorKind.TLS_FAILED)

    run(test(), loop)


@both_loops
def test_an_address_is_a_name_too(loop: str) -> None:
    async def test() -> None:
        async with providing(greet, server_context()) as provider, calling() as client:
            origin = Origin("127.0.0.1", provider.port, TlsSettings(ca_file=AUTHORITY))
            assert (await client.send(call(origin), whole=True)).status == 200

    run(test(), loop)


@both_loops
def test_a_server_that_wants_our_certificate_and_gets_it(loop: str) -> None:
    async def test() -> None:
        settings = TlsSettings(ca_file=AUTHORITY, cert_file=CLIENT)
        assert await kind_of_failure(settings, server_context(client_authority=AUTHORITY)) is None

    run(test(), loop)


@both_loops
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_wants_our_certificate_in_vain(loop: str, version: ssl.TLSVersion) -> None:
    """With TLS 1.3 it refuses only after our side of the handshake: the call fails, not the connection.

    The server is a thread, since asyncio's sends no alert.
    """
    context = server_context(client_authority=AUTHORITY)
    context.minimum_version = context.maximum_version = version

    def refuse(listener: socket.socket) -> None:
        sock, _ = listener.accept()
        with sock.dup() as raw:
            with suppress(OSError):
                context.wrap_socket(sock, server_side=True)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(4096):  # closing with the request unread would reset the alert away
                pass

    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = asyncio.create_task(asyncio.to_thread(refuse, listener))
            async with calling() as client:
                origin = Origin("127.0.0.1", listener.getsockname()[1], TlsSettings(ca_file=AUTHORITY))
                with pytest.raises(TransportError) as caught:
                    await client.send(call(origin), whole=True)
                assert caught.value.kind is ErrorKind.TLS_FAILED
            await server

    run(test(), loop)


@both_loops
def test_a_server_without_tls(loop: str) -> None:
    async def serve(conversation: Conversation) -> None:
        await conversation.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await conversation.gone()

    async def test() -> None:
        async with providing(serve) as provider, calling() as client:
            with pytest.raises(TransportError) as caught:
                await client.send(call(Origin("localhost", provider.port, TlsSettings())), whole=True)
            assert caught.value.kind is ErrorKind.TLS_FAILED

    run(test(), loop)


@both_loops
def test_connections_with_tls_are_reused_and_speak_http_1(loop: str) -> None:
    """The server would rather speak HTTP/2."""

    async def test() -> None:
        async with providing(greet, server_context()) as provider, calling() as client:
            for turn in range(3):
                reply = await client.send(call(provider.origin), whole=True)
                assert reply.reused is (turn > 0)
            (connection,) = client._pools[provider.origin][0]._connections
            assert connection._transport is not None
            assert connection._transport.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
            assert provider.connections == 1

    run(test(), loop)


def test_a_context_is_built_once() -> None:
    contexts = TlsContexts()
    assert contexts._contexts == {}
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
