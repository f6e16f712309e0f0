from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.configuration.support import loaded, mistake, mistakes

from plexus.configuration.part import all_parts, names_of
from plexus.configuration.validate import MAPPED, OAUTH, QUOTED

ACME = "providers: { acme: { base_url: https://a.example, %s } }"


@pytest.mark.parametrize(
    ("text", "path", "message", "advice"),
    [
        ("- a", "", "the file must be a mapping.", "It begins with `providers:`, for example."),
        ("provider: {}", "provider", "is no member that is known here.", "Did you mean `providers`?"),
        (ACME % "apiKey: x", "providers.acme.apiKey", "is no member that is known here.", "Did you mean `api_key`?"),
        (ACME % "api_key: 5", "providers.acme.api_key", "must be text.", QUOTED),
        (ACME % "enabled: 7", "providers.acme.enabled", "must be `true` or `false`.", ""),
        (ACME % "headers: []", "providers.acme.headers", "must be a mapping.", MAPPED),
        (ACME % "headers: { a: 1 }", "providers.acme.headers.a", "must be text.", QUOTED),
        (
            ACME % "models: gpt-4o",
            "providers.acme.models",
            "must be a list or a mapping.",
            "Write [a, b], or one `- a` a line.",
        ),
        (ACME % "models: [1]", "providers.acme.models[0]", "must be text.", QUOTED),
        (ACME % "models: { a: 1 }", "providers.acme.models.a", "must be a mapping.", MAPPED),
        (ACME % "models: ['']", "providers.acme.models[0]", "must be given.", "It is empty."),
        (ACME % "discount: 2", "providers.acme.discount", "must be at most 1.", ""),
        (ACME % "oauth_provider: anthropic", "providers.acme.oauth_provider", "is not supported.", OAUTH),
        (ACME % "oauth_account: me", "providers.acme.oauth_account", "is not supported.", OAUTH),
        (ACME % "display_name:", "", "", ""),
        (ACME % "headers:", "providers.acme.headers", "has no value.", "Write one, or leave the member out."),
        (
            ACME % "api_base_url: https://b.example",
            "providers.acme.api_base_url",
            "says the same as `base_url`, which is given too.",
            "Keep one of them.",
        ),
        (
            ACME % "models: { a: { pricing: { source: simple, per_million: 1 } } }",
            "providers.acme.models.a.pricing.per_million",
            "is no member that is known here.",
            None,
        ),
        (
            ACME % "models: { a: { pricing: { source: sipmle } } }",
            "providers.acme.models.a.pricing",
            "must be one of `simple`, `openrouter`, `per_request`, `defined`.",
            "Did you mean `simple`?",
        ),
        ("models: { a: }", "models.a", "has no value.", "Write one, or leave the member out."),
        (
            "models: { a: { provider: , targets: [{ provider: a }] } }",
            "models.a.targets[0].model",
            "is missing.",
            "Add it.",
        ),
        ("keys: { a: { secret: 5 } }", "keys.a.secret", "must be text.", QUOTED),
        ("user_quotas: { a: {} }", "user_quotas.a", "must be given with its kind.", ""),
        (
            "user_quotas: { a: { type: daily, limitType: requests, limit: 0 } }",
            "user_quotas.a.limit",
            "must be at least 1.",
            "",
        ),
    ],
)
def test_mistakes(text: str, path: str, message: str, advice: str | None) -> None:
    if not message:
        assert mistakes(text) == ()
        return
    problem = mistake(text)
    assert (problem.path, problem.message) == (path, message)
    assert advice is None or problem.advice == advice


def test_a_wrong_word_gets_the_words_that_are_right() -> None:
    problem = mistake(
        "providers: { a: { base_url: https://a.example } }\nmodels: { m: { provider: a, selector: in-order } }"
    )
    assert problem.message.startswith("must be one of `random`, `in_order`, ")
    assert problem.advice == "Did you mean `in_order`?"


def test_an_unknown_member_does_not_hide_what_is_wrong_beside_it() -> None:
    found = mistakes(
        "providers: { acme: { base_url: ftp://a.example, hedders: {} } }\nmodels: { a: { provider: b, x: 1 } }"
    )
    assert [problem.path for problem in found] == [
        "providers.acme.base_url",
        "providers.acme.hedders",
        "models.a.provider",
        "models.a.x",
    ]


def test_a_provider_with_mistakes_still_exists_for_its_targets() -> None:
    assert (
        mistake("providers: { acme: { enabled: 7 } }\nmodels: { a: { provider: acme } }").path
        == "providers.acme.enabled"
    )


def test_members_without_effect_warn_once_however_often_they_stand_there() -> None:
    text = ACME % "models: { a: { type: chat }, b: { type: chat }, c: { type: chat } }"
    (warning,) = loaded(text).warnings
    assert warning.path == "providers.acme.models.a.type"
    assert warning.message == "is not in effect yet (and in 2 more places)."


def test_only_the_values_without_effect_warn() -> None:
    providers = ACME % "enabled: true"
    assert loaded(f"{providers}\nmodels: {{ a: {{ provider: acme, selector: in_order }} }}").warnings == ()
    (warning,) = loaded(f"{providers}\nmodels: {{ a: {{ provider: acme, selector: latency }} }}").warnings
    assert str(warning) == "line 2, column 32: models.a.selector: is not in effect yet. Such a model uses `random`."


NAMES = sorted({name for part in all_parts() for names in names_of(part).values() for name in names})
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["a", "https://a.example", "", "chat", "${X}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NAMES, "a", "*"]), inner, max_size=4),
    max_leaves=15,
)


def yaml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{name}": {yaml(inner)}' for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(yaml, value)) + "]"
    if isinstance(value, float):
        return {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(str(value), str(value))
    return json.dumps(value)


@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6))
def test_any_document_loads_or_is_refused_with_places(value: dict[str, object]) -> None:
    problems = mistakes(yaml(value))
    assert all(problem.mark.line == 1 and problem.mark.column >= 1 for problem in problems)
