"""aws:, google: and entra: of a provider."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.configuration.loading import load, problems

from plexus.domain.account import AwsAccount, EntraAccount, GoogleAccount
from plexus.domain.provider import Provider


def provider(name: str, members: str, folder: Path = Path()) -> Provider:
    return load(f"providers: {{ {name}: {{ {members} }} }}", folder=folder).snapshot.providers[name]


def wrong(name: str, members: str) -> str:
    (problem,) = problems(f"providers: {{ {name}: {{ {members} }} }}")
    return problem


def test_bedrock_signs_with_what_the_environment_has() -> None:
    found = provider("bedrock", "parameters: { region: eu-central-1 }")
    assert found.account == AwsAccount(region="eu-central-1")
    assert found.auth == {"bedrock_converse": "account"}
    assert found.credential is None
    (endpoint,) = found.endpoints.values()
    assert (endpoint.origin.host, endpoint.prefix) == ("bedrock-runtime.eu-central-1.amazonaws.com", "")


def test_bedrock_with_keys_of_its_own_or_a_profile() -> None:
    keys = "aws: { access_key_id: AK, secret_access_key: sk, session_token: st }"
    found = provider("bedrock", f"parameters: {{ region: us-east-1 }}, {keys}")
    assert found.account == AwsAccount(
        region="us-east-1", access_key_id="AK", secret_access_key="sk", session_token="st"
    )
    found = provider("bedrock", "parameters: { region: us-east-1 }, aws: { profile: work, region: us-west-2 }")
    assert found.account == AwsAccount(region="us-west-2", profile="work")


def test_bedrock_with_an_api_key_sends_it() -> None:
    found = provider("bedrock", "parameters: { region: us-east-1 }, api_key: a-bedrock-api-key")
    assert (found.account, found.auth) == (None, {"bedrock_converse": "bearer"})


@pytest.mark.parametrize(
    ("address", "region"),
    [
        ("https://bedrock-runtime.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("https://vpce-0a1b-x.bedrock-runtime.ap-southeast-2.vpce.amazonaws.com", "ap-southeast-2"),
    ],
)
def test_the_region_of_an_address(address: str, region: str) -> None:
    found = provider("bedrock", f'base_url: "{address}"')
    assert found.account == AwsAccount(region=region)
    assert found.endpoints["bedrock_converse"].prefix == ""


@pytest.mark.parametrize(
    ("members", "word"),
    [
        ("", "region (such as us-east-1)"),
        ('base_url: "https://proxy.example"', "region is missing"),
        ("parameters: { region: us-east-1 }, aws: { access_key_id: AK }", "go together"),
        (
            "parameters: { region: us-east-1 }, aws: { access_key_id: A, secret_access_key: s, profile: p }",
            "side by side",
        ),
        ("parameters: { region: us-east-1 }, api_key: a-bedrock-api-key, aws: {}", "side by side"),
        ("parameters: { region: us-east-1 }, google: {}, aws: {}", "side by side"),
        ("parameters: { region: us-east-1, zone: a }", "no parameter 'zone'"),
        ('parameters: { region: "x.evil.example/" }', "no part of an address"),
    ],
)
def test_what_is_wrong_with_bedrock_is_said(members: str, word: str) -> None:
    assert word in wrong("bedrock", members)


def test_vertex_by_project_and_location(tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text('{"type": "service_account"}')
    found = provider("vertex", "parameters: { project: p1 }, google: { credentials: 'file:key.json' }", tmp_path)
    assert found.account == GoogleAccount(credentials='{"type": "service_account"}')
    gemini, claude = found.endpoints["gemini"], found.endpoints["anthropic_messages"]
    assert gemini.origin.host == "aiplatform.googleapis.com"
    assert gemini.prefix == "/v1/projects/p1/locations/global/publishers/google"
    assert claude.address("/messages", "claude-sonnet-4-5@20250929", stream=False) == (
        "/v1/projects/p1/locations/global/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict"
    )
    assert claude.address("/messages", "m", stream=True).endswith("/models/m:streamRawPredict")


@pytest.mark.parametrize(
    ("location", "host"),
    [("europe-west4", "europe-west4-aiplatform.googleapis.com"), ("eu", "aiplatform.eu.rep.googleapis.com")],
)
def test_vertex_elsewhere(location: str, host: str) -> None:
    found = provider("vertex", f"parameters: {{ project: p1, location: {location} }}")
    assert found.account == GoogleAccount()
    assert {endpoint.origin.host for endpoint in found.endpoints.values()} == {host}
    assert f"/locations/{location}/" in found.endpoints["gemini"].prefix


def test_vertex_on_a_private_host() -> None:
    path = "v1/projects/p/locations/global/publishers"
    found = provider("vertex", f'base_url: {{ gemini: "https://gw.p.example/{path}/google" }}')
    assert found.endpoints["gemini"].prefix == f"/{path}/google"
    assert found.account == GoogleAccount()


def test_vertex_needs_a_project() -> None:
    assert "project (the project's id) missing" in wrong("vertex", "google: {}")


def test_azure_with_a_key_or_an_application() -> None:
    found = provider("azure", "parameters: { resource: mine }, api_key: an-azure-api-key")
    assert found.auth["openai_chat"] == "api-key"
    assert found.endpoints["openai_responses"].origin.host == "mine.openai.azure.com"
    entra = "entra: { tenant_id: t, client_id: c, client_secret: s }"
    found = provider("azure", f"parameters: {{ resource: mine }}, {entra}")
    assert isinstance(found.account, EntraAccount)
    assert found.account.scope == "https://cognitiveservices.azure.com/.default"
    assert set(found.auth.values()) == {"account"}
    assert "api_key is missing" in wrong("azure", "parameters: { resource: mine }")


def test_azure_by_deployment_and_version() -> None:
    found = provider("azure_classic", "parameters: { resource: mine }, api_key: an-azure-api-key")
    endpoint = found.endpoints["openai_chat"]
    assert endpoint.address("/chat/completions", "my gpt", stream=True) == (
        "/openai/deployments/my%20gpt/chat/completions"
    )
    assert endpoint.query == b"api-version=2024-10-21"
    written = 'base_url: "https://mine.openai.azure.com/openai/deployments/{model}?api-version=2025-01-01-preview"'
    endpoint = provider("mine", f"{written}, auth: api-key, api_key: an-azure-api-key").endpoints["openai_chat"]
    assert (endpoint.prefix, endpoint.query) == ("/openai/deployments/{model}", b"api-version=2025-01-01-preview")


def test_an_account_for_a_provider_without_a_preset() -> None:
    members = 'base_url: { converse: "https://aws.example" }, aws: { region: us-east-1, profile: p }'
    assert provider("mine", members).account == AwsAccount(region="us-east-1", profile="p")
