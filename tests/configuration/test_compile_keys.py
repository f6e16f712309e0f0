from __future__ import annotations

import hashlib
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.configuration.support import PEPPER, SECRET, mistake, mistakes, snapshot

from plexus.configuration.compile_keys import one_pattern
from plexus.configuration.secrets import key_digest
from plexus.domain.key import Key


def keys(members: str) -> list[Key]:
    return list(snapshot(f"keys: {{ {members} }}").keys.values())


def test_the_missions_dialect() -> None:
    (key,) = keys(f"{SECRET}: {{ models: ['*'] }}")
    assert key.digest == key_digest(SECRET, PEPPER)
    assert key.name == f"key-{key.digest.hex()[:8]}"
    assert key.models is None
    (bare,) = keys(f"{SECRET}: ")
    assert bare == key


def test_the_fuller_dialect() -> None:
    (key,) = keys(f"laptop: {{ secret: {SECRET}, comment: mine, models: ['gpt-*', o3], strict: true, enabled: false }}")
    assert (key.name, key.comment, key.strict, key.enabled) == ("laptop", "mine", True, False)
    assert [key.allows(model) for model in ("gpt-4o", "o3", "o3-mini", "GPT-4o", "direct/openai/gpt-4o")] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_a_snapshot_holds_no_secret() -> None:
    found = snapshot(f"keys: {{ laptop: {{ secret: {SECRET} }} }}")
    assert set(found.keys) == {key_digest(SECRET, PEPPER)}
    assert hashlib.sha256(SECRET.encode()).digest() not in found.keys
    assert SECRET not in repr(found)


def test_a_key_without_models_may_use_them_all_and_one_with_an_empty_list_none() -> None:
    (all_models,) = keys(f"a: {{ secret: {SECRET} }}")
    (none,) = keys(f"a: {{ secret: {SECRET}, models: [] }}")
    assert all_models.allows("anything")
    assert not none.allows("anything")
    assert not none.allows("")


@given(st.lists(st.text("ab*?[]!-.", max_size=6), max_size=4), st.text("ab*[]-.", max_size=6))
def test_one_pattern_means_what_the_globs_mean(globs: list[str], model: str) -> None:
    pattern = one_pattern(globs)
    allowed = pattern is None or pattern.fullmatch(model) is not None
    assert allowed == any(fnmatchcase(model, glob) for glob in globs)


MIXED = "Give it one: either all entries have a `secret`, or for all of them the name is the secret."


@pytest.mark.parametrize(
    ("members", "path", "message"),
    [
        ("a: { secret: 0123456789x }", "keys.a.secret", "the secret has fewer than 12 characters."),
        ("0123456789x: {}", "keys.***", "the secret has fewer than 12 characters."),
        ("a: { secret: '' }", "keys.a.secret", "the secret has fewer than 12 characters."),
        ("a: { secret: '0123456789:ab' }", "keys.a.secret", "the secret holds a colon, a space, or what is not ASCII."),
        ("a: { secret: '0123456789 ab' }", "keys.a.secret", "the secret holds a colon, a space, or what is not ASCII."),
        ("a: { secret: 0123456789áb }", "keys.a.secret", "the secret holds a colon, a space, or what is not ASCII."),
        (f"a: {{ secret: {SECRET} }}, b: {{ secret: {SECRET} }}", "keys.b.secret", "is the same secret as on line 1."),
        (f"a: {{ secret: {SECRET} }}, 0123456789ab: {{}}", "keys.***", "has no `secret`, and other keys have one."),
    ],
)
def test_mistakes(members: str, path: str, message: str) -> None:
    problem = mistake(f"keys: {{ {members} }}")
    assert (problem.path, problem.message) == (path, message)


def test_mixing_the_dialects_says_what_to_write() -> None:
    text = f"keys:\n  laptop:\n    secret: {SECRET}\n  another-secret-0:\n    models: ['*']\n  another-secret-1:\n"
    found = mistakes(text)
    assert [problem.mark.line for problem in found] == [4, 6]
    assert {problem.advice for problem in found} == {MIXED}
    assert "another-secret" not in "".join(map(str, found))


def test_secrets_stay_out_of_messages() -> None:
    for text in (
        "keys: { hidden: {} }",
        "keys: { 'hidden hidden hidden': {} }",
        "keys: { hidden-0123456: { modells: [] } }",
        "keys: { hidden-0123456: 5 }",
        "keys: { hidden-0123456: {}, hidden-0123456: {} }",
        "keys: { hidden-0123456: { models: '${UNSET}' } }",
        "keys: { hidden-0123456: { quota: [] } }",
        "keys: { a: { secret: [hidden-0123456] } }",
        "keys: { hidden-0123456: { secret: x ] }",
        "adminKey: hidden",
        "adminKey: { hidden: hidden }",
    ):
        found = mistakes(text)
        assert found
        assert "hidden" not in "".join(map(str, found)), text
