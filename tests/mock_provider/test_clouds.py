"""The same APIs behind clouds, and the services that give their tokens."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.mock_provider import support
from tests.providers.test_google import SERVICE

from plexus.mock_provider.clouds import TOKEN
from plexus.mock_provider.stage import Stage
from plexus.providers import google

CLAUDE = "/v1/projects/p/locations/l/publishers/anthropic/models/mock-chat:rawPredict"
STREAM = CLAUDE.replace("rawPredict", "streamRawPredict")
DEPLOYMENT = "/openai/deployments/mock-chat/chat/completions"


def claude(**members: Any) -> dict[str, Any]:
    asked = {name: value for name, value in support.messages().items() if name != "model"}
    return {**asked, "anthropic_version": "vertex-2023-10-16", **members}


def test_claude_on_vertex() -> None:
    assert support.reply_of(CLAUDE, claude())["model"] == "mock-chat"
    assert support.events_of(STREAM, claude(stream=True))[0].name == b"message_start"


@pytest.mark.parametrize(
    ("path", "members", "word"),
    [
        (CLAUDE, {"model": "m"}, "model"),
        (CLAUDE, {"anthropic_version": "2023-06-01"}, "anthropic_version"),
        (CLAUDE, {"stream": True}, "stream"),
        (STREAM, {}, "stream"),
    ],
)
def test_what_vertex_wants_otherwise(path: str, members: Any, word: str) -> None:
    assert word in support.refusal_of(path, claude(**members))["message"]


def test_a_deployment_needs_a_version() -> None:
    assert support.reply_of(f"{DEPLOYMENT}?api-version=2024-10-21", support.chat())["choices"]
    assert support.whole_of(DEPLOYMENT, support.chat()).status == 404


def test_a_key_of_azure() -> None:
    stage = Stage(issuer="mock", key="k")
    path = f"{DEPLOYMENT}?api-version=2024-10-21"
    assert support.whole_of(path, support.chat(), stage=stage, api_key="k").status == 200
    assert support.whole_of(path, support.chat(), stage=stage, api_key="x").status == 401


def ask(form: dict[str, str], path: str = "/token", stage: Stage | None = None) -> tuple[int, Any]:
    whole = support.whole_of(path, urlencode(form).encode(), stage=stage)
    return whole.status, json.loads(whole.body)


def test_tokens_for_all_grants() -> None:
    user = {"grant_type": "refresh_token", "client_id": "c", "client_secret": "s", "refresh_token": "r"}
    assert ask(user) == (200, {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"})
    application = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "s", "scope": "x"}
    _, given = ask(application, "/tenant/oauth2/v2.0/token", Stage(issuer="mock", key="k"))
    assert given["access_token"] == "k"
    assert ask(google.ask(google.read_key(json.dumps(SERVICE)), support.NOW).form)[0] == 200


def test_what_no_token_is_given_for() -> None:
    assert ask({"grant_type": "password"})[1]["error"] == "unsupported_grant_type"
    assert ask({"grant_type": "refresh_token", "client_id": "c"})[1]["error"] == "invalid_request"
    jwt = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    old = google.ask(google.read_key(json.dumps(SERVICE)), support.NOW - 7200).form
    for assertion in ("x.y.z", "x", old["assertion"], old["assertion"].rpartition(".")[0]):
        status, said = ask({"grant_type": jwt, "assertion": assertion})
        assert (status, said["error"]) == (400, "invalid_grant")
