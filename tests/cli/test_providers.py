from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from plexus.cli.commands import app
from plexus.cli.providers import address
from plexus.protocols.registry import PROTOCOLS
from plexus.providers.presets import load_presets


def run(*arguments: str, status: int = 0) -> str:
    result = CliRunner(env={"COLUMNS": "400"}).invoke(app, ["providers", *arguments])
    assert result.exit_code == status, result.output
    return result.output


def test_list_names_them_all() -> None:
    lines = run("list").splitlines()
    assert [line.split()[0] for line in lines[1:] if not line.startswith("(")] == list(load_presets())
    (groq,) = [line for line in lines if line.startswith("groq")]
    assert "Groq" in groq
    assert "openai_chat" in groq
    assert "https://api.groq.com/openai/v1" in groq


def test_list_by_protocol() -> None:
    found = {entry["name"] for entry in json.loads(run("list", "--protocol", "messages", "--json"))}
    assert {"anthropic", "deepseek", "minimax"} <= found
    assert not {"openai", "groq", "cohere"} & found
    assert "write chat" in run("list", "--protocol", "smoke-signals", status=2)


def test_show_says_where_it_differs() -> None:
    text = run("show", "mistral")
    for said in (
        "https://api.mistral.ai/v1",
        "bearer",
        "nine_alphanumerics",
        "refused_members",
        "mistral-small-latest",
    ):
        assert said in text


@pytest.mark.parametrize("name", ["openai", "google", "deepseek"])
def test_a_protocol_that_is_known_but_not_spoken_stands_in_brackets(name: str) -> None:
    text = run("show", name)
    for protocol in load_presets()[name].endpoints:
        assert protocol in text
        assert (f"({protocol})" in text) is (protocol not in PROTOCOLS)


def test_show_as_json_is_the_preset() -> None:
    shown = json.loads(run("show", "deepseek", "--json"))
    preset = load_presets()["deepseek"]
    assert shown["docs"] == preset.docs
    assert shown["endpoints"]["anthropic_messages"] == {
        "url": "https://api.deepseek.com/anthropic/v1",
        "auth": "x-api-key",
        "spoken": True,
    }
    assert shown["dialects"] == preset.dialects


@pytest.mark.parametrize(("name", "hint"), [("mistrall", "Did you mean mistral"), ("zzzzz", "Known: ai21, anthropic")])
def test_an_unknown_name_gets_a_hint(name: str, hint: str) -> None:
    assert hint in run("show", name, status=1)


def test_an_address_says_how_many_others_there_are() -> None:
    presets = load_presets()
    assert address(presets["groq"]) == "https://api.groq.com/openai/v1"
    assert address(presets["google"]).endswith("(+1)")
