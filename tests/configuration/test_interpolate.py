from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plexus.configuration.interpolate import interpolate
from plexus.configuration.yaml_source import parse_yaml

ENVIRON = {"NAME": "value", "EMPTY": "", "NESTED": "${NAME}", "_under9": "u"}


def filled(text: str, environ: dict[str, str] | None = None) -> tuple[Any, list[str]]:
    """One string of a document with its references filled in, and what is wrong with it."""
    source = parse_yaml("a: ''")
    source.tree["a"] = text
    tree, problems = interpolate(source, ENVIRON if environ is None else environ, Path(), {})
    return tree["a"], [problem.message for problem in problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("${NAME}", "value"),
        ("a-${NAME}-${NAME}", "a-value-value"),
        ("${_under9}", "u"),
        ("${NAME:-other}", "value"),
        ("${UNSET:-other}", "other"),
        ("${UNSET:-}", ""),
        ("${EMPTY:-other}", "other"),
        ("${UNSET:-https://host:1/a}", "https://host:1/a"),
        ("$${NAME}", "${NAME}"),
        ("$${UNSET} ${NAME}", "${UNSET} value"),
        ("$NAME costs 5$", "$NAME costs 5$"),
        ("${NESTED}", "${NAME}"),
        ("file:key.txt", "file:key.txt"),
    ],
)
def test_references(text: str, expected: str) -> None:
    assert filled(text) == (expected, [])


@pytest.mark.parametrize("text", ["${UNSET}", "a ${UNSET} b", "${EMPTY}"])
def test_what_the_environment_lacks_is_a_mistake(text: str) -> None:
    _, (message,) = filled(text)
    assert message.startswith("the environment has no ")
    assert ":-default}" in message


def test_each_missing_name_is_told_at_its_place() -> None:
    source = parse_yaml("providers:\n  a:\n    api_key: ${ONE}\n    headers: {x: '${TWO}'}\n")
    _, problems = interpolate(source, {}, Path(), {})
    assert [(problem.line, problem.path) for problem in problems] == [
        (3, "providers.a.api_key"),
        (4, "providers.a.headers.x"),
    ]


@given(st.text(min_size=1))
@settings(deadline=None)
def test_a_value_of_the_environment_is_put_in_as_it_is(value: str) -> None:
    assert filled("${NAME}", {"NAME": value}) == (value, [])


@given(st.text())
@settings(deadline=None)
def test_any_text_is_filled_or_told(text: str) -> None:
    result, problems = filled(text, {})
    assert isinstance(result, str)
    assert problems or "${" in text or result == text


def test_only_secrets_are_read_from_files(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text("  s3cret \n")
    (tmp_path / "named").write_text("other")
    source = parse_yaml(
        """
        admin_key: file:key.txt
        keys: {a: {secret: 'file:${WHICH}'}}
        providers: {p: {api_key: file:key.txt, display_name: file:key.txt}}
        """
    )
    tree, problems = interpolate(source, {"WHICH": "named"}, tmp_path, {})
    assert problems == []
    assert tree["admin_key"] == "s3cret"
    assert tree["keys"]["a"]["secret"] == "other"
    assert tree["providers"]["p"] == {"api_key": "s3cret", "display_name": "file:key.txt"}


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    source = parse_yaml("providers: {p: {api_key: 'file:nope.txt'}}")
    _, (problem,) = interpolate(source, {}, tmp_path, {})
    assert problem.path == "providers.p.api_key"
    assert "nope.txt cannot be read: No such file" in problem.message


@pytest.mark.parametrize("name", ["binary", "a\x00b"])
def test_a_file_that_is_no_text_is_a_mistake(tmp_path: Path, name: str) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    source = parse_yaml("providers: {p: {api_key: ''}}")
    source.tree["providers"]["p"]["api_key"] = f"file:{name}"
    tree, (problem,) = interpolate(source, {}, tmp_path, {})
    assert "is no text file" in problem.message
    assert tree["providers"]["p"]["api_key"] == ""


def test_a_secret_may_be_the_name_of_its_key() -> None:
    tree, problems = interpolate(
        parse_yaml("keys: {'${SECRET}': {}}\nmodels: {'${SECRET}': {}}"), {"SECRET": "s"}, Path(), {}
    )
    assert problems == []
    assert list(tree["keys"]) == ["s"]
    assert list(tree["models"]) == ["${SECRET}"], "only the names of keys are secrets"


@pytest.mark.parametrize("leaf", [5, 2.5, True, None])
def test_what_is_no_text_stays_what_it_is(leaf: Any) -> None:
    source = parse_yaml("a: []")
    source.tree["a"] = [leaf, {"b": leaf}]
    assert interpolate(source, {}, Path(), {})[0] == {"a": [leaf, {"b": leaf}]}
