"""Google's keys, and what tokens are asked for with."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.providers import google

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(private: Any = RSA) -> str:
    return str(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


SERVICE = {
    "type": "service_account",
    "client_email": "me@project.iam.gserviceaccount.com",
    "private_key": pem(),
    "private_key_id": "k1",
    "project_id": "project",
}
USER = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}


def refused(text: str) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        google.ask(google.read_key(text), 0.0)
    assert caught.value.kind is ErrorKind.UPSTREAM_AUTH
    return caught.value


def unpacked(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_a_service_account_signs_its_wish() -> None:
    asked = google.ask(google.read_key(json.dumps({**SERVICE, "token_uri": "https://t.example/token"})), 1000.5)
    assert asked.url == "https://t.example/token"
    assert asked.form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    head, claims, signature = asked.form["assertion"].split(".")
    assert unpacked(head) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    assert unpacked(claims) == {
        "iss": SERVICE["client_email"],
        "sub": SERVICE["client_email"],
        "scope": "https://www.googleapis.com/auth/cloud-platform",
        "aud": "https://t.example/token",
        "iat": 1000,
        "exp": 4600,
    }
    RSA.public_key().verify(
        base64.urlsafe_b64decode(signature + "=="), f"{head}.{claims}".encode(), padding.PKCS1v15(), SHA256()
    )


def test_a_user_has_a_refresh_token() -> None:
    asked = google.ask(google.read_key(json.dumps(USER)), 0.0)
    assert asked.url == "https://oauth2.googleapis.com/token"
    assert asked.form == {"grant_type": "refresh_token", "client_id": "c", "client_secret": "s", "refresh_token": "r"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("no json", "JSON"),
        ('{"type":"external_account"}', "external_account"),
        (json.dumps({**SERVICE, "client_email": None}), "complete"),
        (json.dumps({**USER, "refresh_token": ""}), "complete"),
        (json.dumps({**SERVICE, "private_key": "x"}), "PEM"),
        (json.dumps({**SERVICE, "private_key": pem(ec.generate_private_key(ec.SECP256R1()))}), "RSA"),
    ],
)
def test_a_key_that_cannot_be_used_says_why_to_the_operator(text: str, word: str) -> None:
    assert word in (refused(text).hint or "")


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cryptography.exceptions", None)
    assert "plexus-gateway[vertex]" in (refused(json.dumps(SERVICE)).hint or "")


def test_where_a_key_is_found(tmp_path: Path) -> None:
    own, named = json.dumps({**USER, "client_id": "own"}), tmp_path / "named.json"
    named.write_text(json.dumps({**USER, "client_id": "named"}))
    folder = tmp_path / ".config/gcloud"
    folder.mkdir(parents=True)
    (folder / "application_default_credentials.json").write_text(json.dumps({**USER, "client_id": "gcloud"}))
    home = {"HOME": str(tmp_path)}
    variables = {**home, "GOOGLE_APPLICATION_CREDENTIALS": str(named)}
    assert google.find_key(own, variables).client_id == "own"
    assert google.find_key(None, variables).client_id == "named"
    assert google.find_key(None, home).client_id == "gcloud"
    with pytest.raises(ProviderError) as caught:
        google.find_key(None, {"HOME": str(tmp_path / "nobody")})
    assert caught.value.kind is ErrorKind.UPSTREAM_AUTH
    assert "GOOGLE_APPLICATION_CREDENTIALS" in (caught.value.hint or "")


def test_keys_do_not_show_themselves() -> None:
    assert "PRIVATE" not in repr(google.read_key(json.dumps(SERVICE)))
