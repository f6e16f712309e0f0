from __future__ import annotations

from typing import get_args

from plexus.client_api.endpoints import ENDPOINTS
from plexus.configuration.names import OPERATIONS, PROTOCOLS, ProtocolName, prefix_of, protocol_of


def test_short_names_and_full_ones() -> None:
    assert protocol_of("chat") == protocol_of("openai_chat") == "openai_chat"
    assert protocol_of("gemini") == "gemini"
    full = {protocol_of(name) for name in get_args(ProtocolName)}
    assert set(get_args(ProtocolName)) == set(PROTOCOLS) | full


def test_prefixes() -> None:
    assert prefix_of("gemini") == "/v1beta"
    assert {prefix_of(protocol) for protocol in PROTOCOLS.values()} == {"/v1"}


def test_our_own_paths_are_known_as_operations() -> None:
    for path in ENDPOINTS:
        assert path.decode().removeprefix("/v1").removesuffix("/count_tokens") in OPERATIONS
