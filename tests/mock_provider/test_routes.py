"""Paths and whose they are."""

from __future__ import annotations

import pytest

from plexus.canonical.headers import Headers
from plexus.mock_provider.call import MockCall
from plexus.mock_provider.routes import find, guess, refusal


def _call(method: str, path: str, *headers: tuple[bytes, bytes]) -> MockCall:
    return MockCall(1, method, path, "", Headers(list(headers)), b"")


@pytest.mark.parametrize(
    ("method", "path", "protocol"),
    [
        ("POST", "/v1/chat/completions", "chat"),
        ("POST", "/v1/messages", "messages"),
        ("POST", "/v1/responses", "responses"),
        ("GET", "/v1/responses/resp_1", "responses"),
        ("POST", "/v1beta/models/m:generateContent", "gemini"),
        ("POST", "/v1beta/models/m:streamGenerateContent", "gemini"),
        ("POST", "/v1/projects/p/locations/l/publishers/google/models/m:generateContent", "gemini"),
        ("POST", "/v1/projects/p/locations/l/publishers/anthropic/models/m@1:rawPredict", "messages"),
        ("POST", "/v1/projects/p/locations/l/publishers/anthropic/models/m@1:streamRawPredict", "messages"),
        ("POST", "/model/a.b%3A0/converse", "bedrock"),
        ("POST", "/model/a.b%3A0/converse-stream", "bedrock"),
        ("POST", "/openai/v1/responses", "responses"),
        ("POST", "/openai/deployments/d/chat/completions", "chat"),
        ("GET", "/v1beta/models", "gemini"),
        ("GET", "/v1/models", "chat"),
    ],
)
def test_found(method: str, path: str, protocol: str) -> None:
    vendor, route, match = find(_call(method, path))
    assert vendor.protocol == protocol
    assert route is not None
    assert match is not None


def test_one_list_of_models_is_for_two_vendors() -> None:
    assert find(_call("GET", "/v1/models", (b"anthropic-version", b"2023-06-01")))[0].protocol == "messages"


def test_refusals() -> None:
    wrong_method = _call("GET", "/v1/responses")
    assert (find(wrong_method)[0].protocol, find(wrong_method)[1]) == ("responses", None)
    assert refusal(wrong_method).status == 405
    assert refusal(_call("POST", "/v1/nonesuch")).status == 404


@pytest.mark.parametrize(("path", "protocol"), [("/v1beta/x", "gemini"), ("/v1/x", "chat")])
def test_guesses(path: str, protocol: str) -> None:
    assert guess(_call("POST", path)).protocol == protocol
