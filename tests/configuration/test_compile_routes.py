from __future__ import annotations

import pytest
from tests.configuration.support import loaded, mistake, snapshot

from plexus.configuration.compile_routes import UNPRINTABLE

PROVIDERS = """\
providers:
  acme: { base_url: { chat: https://acme.example, messages: https://acme.example }, models: [m1, "m2*"] }
  other: { base_url: https://other.example }
  later: { base_url: { gemini: https://later.example } }
"""


def routes(models: str) -> str:
    return PROVIDERS + "models:\n" + "".join(f"  {line}\n" for line in models.splitlines())


def test_the_short_form() -> None:
    found = snapshot(routes("a: { provider: acme, model_id: m1, aliases: [b, 'c:latest'] }")).routes
    assert list(found) == ["a", "b", "c:latest"]
    assert [target.name for target in found["a"].targets] == ["acme/m1"]


def test_without_a_model_the_public_name_is_sent() -> None:
    assert snapshot(routes("m1: { provider: acme }")).routes["m1"].targets[0].model == "m1"


def test_targets() -> None:
    found = snapshot(
        routes(
            "a:\n"
            "  targets:\n"
            "    - { provider: acme, model: m1, weight: 3 }\n"
            "    - { provider: other, model_id: x/y, enabled: false }\n"
            "  selector: in_order\n"
            "  priority: api_match\n"
            "  fallback_on_content_filter: true"
        )
    ).routes["a"]
    assert [(target.name, target.weight, target.enabled) for target in found.targets] == [
        ("acme/m1", 3.0, True),
        ("other/x/y", 1.0, False),
    ]
    assert (found.selector, found.api_match, found.fallback_on_content_filter) == ("in_order", True, True)


def test_defaults() -> None:
    found = snapshot(routes("m1: { provider: acme }")).routes["m1"]
    assert (found.selector, found.api_match, found.aliases, found.fallback_on_content_filter) == (
        "random",
        False,
        (),
        False,
    )
    assert (found.targets[0].weight, found.targets[0].enabled) == (1.0, True)


def test_a_disabled_provider_stays_in_the_plan_and_is_known_as_disabled() -> None:
    text = "providers: { acme: { base_url: https://a.example, enabled: false } }\nmodels: { m: { provider: acme } }"
    assert snapshot(text).routes["m"].targets[0].provider.enabled is False


def test_an_alias_that_repeats_its_name_is_harmless() -> None:
    assert snapshot(routes("m1: { provider: acme, aliases: [m1, b] }")).routes["m1"].aliases == ("b",)


@pytest.mark.parametrize(
    ("models", "line", "path", "message", "advice"),
    [
        ("a: { provider: acne }", 6, "a.provider", "there is no provider `acne`.", "Did you mean `acme`?"),
        (
            "a: { provider: groq }",
            6,
            "a.provider",
            "there is no provider `groq`.",
            "There is a preset of that name: add `groq:` under `providers`.",
        ),
        (
            "a:\n  targets:\n  - { provider: acme, model: m1 }\n  - { provider: zzz, model: m1 }",
            9,
            "a.targets[1].provider",
            "there is no provider `zzz`.",
            "Known here: `acme`, `other`, `later`.",
        ),
        ("a: { targets: [] }", 6, "a.targets", "is empty.", "Write `- { provider: NAME, model: MODEL }`."),
        ("a: {}", 6, "a", "nobody serves it.", "Add `provider: NAME` and `model_id: MODEL`, or `targets`."),
        (
            "a: { provider: acme, targets: [{ provider: acme, model: m1 }] }",
            6,
            "a.provider",
            "stands beside `targets`.",
            "Move it into `targets`, or leave `targets` out.",
        ),
        (
            "a: { model: m1, targets: [{ provider: acme, model: m1 }] }",
            6,
            "a.model",
            "stands beside `targets`.",
            "Move it into `targets`, or leave `targets` out.",
        ),
        (
            "a: { provider: other }\nb: { provider: other, aliases: [a] }",
            7,
            "b.aliases[0]",
            "`a` is a model of its own, on line 6.",
            "Choose another alias.",
        ),
        (
            "a: { provider: other, aliases: [b] }\nb: { provider: other }",
            6,
            "a.aliases[0]",
            "`b` is a model of its own, on line 7.",
            "Choose another alias.",
        ),
        (
            "a: { provider: other, aliases: [x] }\nb: { provider: other, additional_aliases: [y, x] }",
            7,
            "b.additional_aliases[1]",
            "`x` is an alias of `a` already.",
            "Choose another alias.",
        ),
        (
            "direct/a: { provider: other }",
            6,
            "direct/a",
            "names that begin with `direct/` reach a provider's models past all configuration.",
            "",
        ),
        (
            "a: { provider: other, aliases: [direct/x] }",
            6,
            "a.aliases[0]",
            "an alias does not begin with `direct/`.",
            "Choose another alias.",
        ),
        ('a: { provider: other, model_id: "m\\r" }', 6, "a.model_id", UNPRINTABLE, ""),
        ('a: { provider: other, aliases: ["m\\x00"] }', 6, "a.aliases[0]", UNPRINTABLE, ""),
        ('"a\\n": { provider: other, model_id: x }', 6, "a\\n", UNPRINTABLE, ""),
        (
            "a: { targets: [{ provider: acme, model: m1, weight: 0 }] }",
            6,
            "a.targets[0].weight",
            "must be greater than 0.",
            "",
        ),
    ],
)
def test_mistakes(models: str, line: int, path: str, message: str, advice: str) -> None:
    problem = mistake(routes(models))
    assert (problem.mark.line, problem.path, problem.message, problem.advice) == (
        line,
        f"models.{path}",
        message,
        advice,
    )


@pytest.mark.parametrize(
    ("models", "path", "message"),
    [
        ("a: { provider: acme, model_id: m3 }", "a.model_id", "`m3` is not among the `models` of `acme`."),
        (
            "a: { targets: [{ provider: acme, model: m3 }] }",
            "a.targets[0].model",
            "`m3` is not among the `models` of `acme`.",
        ),
        (
            "a: { provider: later }",
            "a.provider",
            "cannot be reached yet: it speaks only gemini, which Plexus does not speak so far.",
        ),
    ],
)
def test_warnings(models: str, path: str, message: str) -> None:
    (warning,) = loaded(routes(models)).warnings
    assert (warning.path, warning.message) == (f"models.{path}", message)


def test_a_model_within_a_glob_gives_no_warning() -> None:
    assert loaded(routes("a: { provider: acme, model_id: m2-large }")).warnings == ()
