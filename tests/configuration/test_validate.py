"""Every mistake at once, with its place, and what to write instead."""

from __future__ import annotations

import pytest
from tests.configuration.loading import load, problems

from plexus.configuration.document import NOT_IN_EFFECT


def test_all_mistakes_are_reported_with_line_and_column() -> None:
    found = problems(
        """\
        providers:
          a:
            base_ulr: https://x/v1
            enabled: maybe
        models:
          m:
            selector: fastest
            provider: a
        faliover: {}
        """
    )
    assert [line.split(": ")[:2] for line in found] == [
        ["3:5", "providers.a.base_ulr"],
        ["4:5", "providers.a.enabled"],
        ["7:5", "models.m.selector"],
        ["9:1", "faliover"],
    ]
    assert "Did you mean 'base_url'?" in found[0]
    assert "(it is 'maybe')" in found[1]
    assert "in_order" in found[2]
    assert "Did you mean 'failover'?" in found[3]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("providers: {a: {base_url: https://x}}\nmodels: {m: {provider: b}}", "there is no provider 'b'. Known: a."),
        ("providers: {a: {base_url: ftp://x}}", "Write https://HOST/v1"),
        ("providers: {a: {base_url: 'https://u:p@x/v1'}}", "holds no credentials"),
        ("providers: {a: {base_url: {chat: https://x, tchat: https://y}}}", "there is no protocol 'tchat'"),
        ("providers: {acme: {api_key: k}}", "is no known preset"),
        ("providers: {a: {preset: nope, base_url: https://x}}", "there is no preset 'nope'"),
        ("providers: {openai: {}}", "api_key is missing"),
        ("providers: {a: {base_url: 'oauth://x'}}", "subscription logins are not built. Use an API key"),
        ("providers: {a: {base_url: https://x, oauth_provider: anthropic}}", "subscription logins are not built"),
        ("providers: {a: {base_url: https://x, oauth_account: me}}", "subscription logins are not built"),
        ("providers: {a: {base_url: https://x, dialect: {chat: {nope: 1}}}}", "Questions: max_tokens_field"),
        ("models: {m: {}}", "has no target"),
        (
            "providers: {a: {base_url: https://x}}\nmodels: {m: {provider: a, aliases: [n]}, n: {provider: a}}",
            "taken twice",
        ),
        ("providers: {a: {base_url: https://x}}\nmodels: {m: {provider: a, targets: []}}", "both provider and targets"),
        ("keys: {a: {secret: short}}", "fewer than 12 characters"),
        ("keys: {a: {secret: sk-long-enough-1}, sk-long-enough-2: {}}", "Write secret: for all of them, or for none"),
        ("keys: {a: {secret: sk-long-enough-1}, b: {secret: sk-long-enough-1}}", "another key has the same secret"),
        ("keys: {a: {secret: 'sk-long:enough-1'}}", "holds a colon"),
        ("adminKey: ${NOPE}", "the environment has no NOPE. Set it, or write ${NOPE:-default}."),
        ("adminKey: file:/nowhere/at/all", "cannot be read"),
        ("a: 1\na: 2", "found duplicate key"),
        ("a: [", "this is not YAML"),
        ("- a", "must be a mapping"),
        ("failover: {retries: 9}", "less than or equal to 5"),
        ("timeouts: {idle: -1}", "greater than 0"),
        ("models: {m: {targets: [{provider: a}]}}", "'model' is missing"),
    ],
)
def test_a_mistake_says_what_to_write(text: str, said: str) -> None:
    found = problems(text)
    assert any(said in line for line in found), found


def test_no_secret_is_repeated_in_a_problem() -> None:
    found = problems("keys: {a: {secret: [sk-very-secret-value]}}\nproviders: {a: {api_key: [sk-other-secret]}}")
    assert "secret-value" not in str(found)
    assert "other-secret" not in str(found)


def test_members_that_wait_may_only_become_fewer() -> None:
    assert len(NOT_IN_EFFECT) <= 20


@pytest.mark.parametrize("name", ["cost", "latency", "usage", "performance"])
def test_a_selector_that_waits_says_what_is_used(name: str) -> None:
    loaded = load(f"providers: {{a: {{base_url: https://x}}}}\nmodels: {{m: {{provider: a, selector: {name}}}}}")
    assert [str(warning).split(": ", 2)[2] for warning in loaded.warnings] == ["not in effect yet; random is used."]
    assert loaded.snapshot.routes["m"].selector == "random"


def test_an_empty_file_is_an_empty_configuration() -> None:
    snapshot = load("").snapshot
    assert (snapshot.providers, snapshot.routes, snapshot.keys) == ({}, {}, {})


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "metadata.google.internal"])
def test_a_base_url_cannot_name_a_metadata_service(host: str) -> None:
    (problem,) = problems(f"""
        providers:
          acme:
            base_url: http://{host}/latest
            api_key: x
        """)
    assert problem.startswith("4:5: providers.acme.base_url:")
    assert "metadata" in problem
