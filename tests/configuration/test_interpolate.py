from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.configuration.support import mistake, snapshot

from plexus.configuration.interpolate import References, Unresolved, is_secret

ENVIRON = {"NAME": "value", "EMPTY": "", "NESTED": "${NAME}"}


def fill(text: str, path: tuple[str | int, ...] = ("providers", "a", "display_name")) -> str:
    return References(ENVIRON, Path()).fill(text, path)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("${NAME}", "value"),
        ("a-${NAME}-${NAME}", "a-value-value"),
        ("${NAME:-other}", "value"),
        ("${UNSET:-other}", "other"),
        ("${UNSET:-}", ""),
        ("${EMPTY}", ""),
        ("${EMPTY:-other}", "other"),
        ("${UNSET:-https://host:1/a}", "https://host:1/a"),
        ("$${NAME}", "${NAME}"),
        ("$NAME costs 5$", "$NAME costs 5$"),
        ("${NESTED}", "${NAME}"),
        ("file:key.txt", "file:key.txt"),
    ],
)
def test_references(text: str, filled: str) -> None:
    assert fill(text) == filled


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${UNSET}", "the environment variable UNSET is not set."),
        ("${}", "`${` begins no reference here."),
        ("${NAME", "`${` begins no reference here."),
        ("${NAME-other}", "`${` begins no reference here."),
        ("${9}", "`${` begins no reference here."),
    ],
)
def test_references_that_lead_nowhere(text: str, message: str) -> None:
    with pytest.raises(Unresolved) as caught:
        fill(text)
    assert caught.value.message == message
    assert caught.value.advice


@given(st.text())
def test_a_value_of_the_environment_is_put_in_as_it_is(value: str) -> None:
    assert References({"NAME": value}, Path()).fill("${NAME}", ("a",)) == value


@given(st.text())
def test_any_text_is_filled_or_refused(text: str) -> None:
    try:
        filled = fill(text)
    except Unresolved:
        return
    assert "${" in text or filled == text


def test_an_unset_variable_is_reported_where_it_stands() -> None:
    problem = mistake('providers:\n  acme:\n    base_url: https://a.example\n    api_key: "${NO_SUCH}"\n')
    assert problem.mark == (4, 14)
    assert problem.path == "providers.acme.api_key"
    assert problem.message == "the environment variable NO_SUCH is not set."
    assert problem.advice == "Set it, or give a default: ${NO_SUCH:-default}."


def test_a_variable_in_the_name_of_a_key() -> None:
    (key,) = snapshot('keys: { "${CLIENT_KEY}": { models: ["a"] } }', {"CLIENT_KEY": "0123456789ab"}).keys.values()
    assert key.model_globs == ("a",)


def test_a_name_that_leads_nowhere_is_the_only_mistake() -> None:
    problem = mistake('keys: { "${NO_SUCH}": { models: ["a"] } }')
    assert (problem.path, problem.message) == ("keys", "the environment variable NO_SUCH is not set.")


def test_two_names_may_become_one() -> None:
    problem = mistake('providers: { mock: {}, "${A}": {} }', {"A": "mock"})
    assert (problem.path, problem.message) == ("providers.mock", "is given twice, first on line 1.")


def test_values_of_the_environment_cannot_add_members() -> None:
    found = snapshot(
        'providers: { a: { base_url: https://a.example, display_name: "${X}" } }', {"X": "b\n    enabled: false"}
    )
    assert found.providers["a"].display_name == "b\n    enabled: false"
    assert found.providers["a"].enabled


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        (("adminKey",), True),
        (("admin_key",), True),
        (("keys", "a", "secret"), True),
        (("providers", "a", "api_key"), True),
        (("providers", "a", "headers", "x-token"), True),
        (("providers", "a", "display_name"), False),
        (("headers",), False),
        ((), False),
    ],
)
def test_where_a_file_may_be_named(path: tuple[str, ...], secret: bool) -> None:
    assert is_secret(path) is secret


def test_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("  the-secret\n\n")
    references = References({"WHERE": "key"}, tmp_path)
    assert references.fill("file:key", ("api_key",)) == "the-secret"
    assert references.fill("file:${WHERE}", ("api_key",)) == "the-secret"
    assert references.fill(f"file:{tmp_path}/key", ("api_key",)) == "the-secret"
    assert references.files == [tmp_path / "key"] * 3


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe\x00", b"x" * 70_000])
def test_files_that_hold_no_secret(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(Unresolved, match="file:key"):
        References({}, tmp_path).fill("file:key", ("api_key",))
