from __future__ import annotations

import msgspec
import pytest
from tests.builders import provider

from plexus.domain.provider import Credential, Endpoint, Origin, TlsSettings
from plexus.protocols.openai_chat.dialect import ChatDialect

TLS = TlsSettings()


@pytest.mark.parametrize(
    ("origin", "authority"),
    [
        (Origin("a.example", 443, TLS), "a.example"),
        (Origin("a.example", 80, TLS), "a.example:80"),
        (Origin("a.example", 80), "a.example"),
        (Origin("a.example", 443), "a.example:443"),
        (Origin("127.0.0.1", 4010), "127.0.0.1:4010"),
        (Origin("::1", 80), "[::1]"),
        (Origin("::1", 8080, TLS), "[::1]:8080"),
    ],
)
def test_the_host_header_names_only_an_unusual_port(origin: Origin, authority: str) -> None:
    assert origin.authority == authority


def test_origins_with_other_trust_are_other_pools() -> None:
    same = {
        Origin("a", 443, TlsSettings()),
        Origin("a", 443, TlsSettings()),
        Origin("a", 443, TlsSettings(verify=False)),
    }
    assert len(same) == 2


def test_a_credential_never_shows_its_secret() -> None:
    credential = Credential("default", "sk-upstream-secret")
    held = provider(name="p")
    assert held.credential is not None
    for text in (repr(credential), str(credential), f"{credential}", repr([credential]), repr(held)):
        assert "sk-upstream-secret" not in text
        assert held.credential.secret not in text


def test_the_first_glob_that_matches_a_model_wins_over_the_providers_dialects() -> None:
    own, first, second = (ChatDialect(reasoning_field=name) for name in ("own", "first", "second"))
    one = provider(
        dialects={"openai_chat": own, "gemini": own},
        model_dialects=(("deep*", {"openai_chat": first}), ("*", {"openai_chat": second})),
    )
    assert one.dialects_for("deep-1") == {"openai_chat": first, "gemini": own}
    assert one.dialects_for("other") == {"openai_chat": second, "gemini": own}
    assert one.dialects_for("Deep-1")["openai_chat"] == second, "names are as written"
    bare = msgspec.structs.replace(one, model_dialects=())
    assert bare.dialects_for("deep-1") == {"openai_chat": own, "gemini": own}


def test_the_address_of_a_call() -> None:
    origin = Origin("a.example", 443, TLS)
    assert Endpoint("p", origin, "/v1").address("/chat", "m/x", stream=False) == "/v1/chat"
    assert Endpoint("p", origin, "/d/{model}").address("/chat", "m/x", stream=False) == "/d/m%2Fx/chat"
    own = Endpoint("p", origin, "/v1", path="/models/{model}:raw", stream_path="/models/{model}:stream")
    assert own.address("/chat", "m@1", stream=False) == "/v1/models/m@1:raw"
    assert own.address("/chat", "m@1", stream=True) == "/v1/models/m@1:stream"
    assert msgspec.structs.replace(own, stream_path=None).address("/chat", "m", stream=True) == "/v1/models/m:raw"
