from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from plexus.configuration.problems import ConfigurationError
from plexus.configuration.yaml_source import Path, dotted, parse_yaml

TEXT = """\
providers:
  acme:
    base_url: https://a
    headers: {X-A: one, X-B: 2}
models:
  m:
    targets:
      - provider: acme
        model: x
      - {provider: acme, model: y}
"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), (1, 1)),
        (("providers",), (1, 1)),
        (("providers", "acme"), (2, 3)),
        (("providers", "acme", "base_url"), (3, 5)),
        (("providers", "acme", "headers", "X-B"), (4, 25)),
        (("models", "m", "targets", 0), (8, 9)),
        (("models", "m", "targets", 0, "model"), (9, 9)),
        (("models", "m", "targets", 1, "model"), (10, 26)),
        (("models", "m", "targets", 1, "weight"), (10, 9)),
        (("models", "nope", "x"), (5, 1)),
        (("nope",), (1, 1)),
    ],
)
def test_where_each_node_stands(path: Path, place: tuple[int, int]) -> None:
    assert parse_yaml(TEXT).place(path) == place


def test_the_tree_is_plain() -> None:
    tree = parse_yaml("a: 1\nb: 2.5\nc: true\nd: null\ne: 'x'\nf: |\n  g\n7: [yes, 0x10]\n").tree
    assert tree == {"a": 1, "b": 2.5, "c": True, "d": None, "e": "x", "f": "g\n", "7": ["yes", 16]}
    assert {type(value) for value in tree.values()} == {int, float, bool, type(None), str, list}


def test_anchors_and_merges() -> None:
    source = parse_yaml("x-a: &a {provider: p, weight: 2}\nmodels:\n  m:\n    <<: *a\n    weight: 3\n")
    assert source.tree["models"]["m"] == {"provider": "p", "weight": 3}
    assert source.place(("models", "m", "provider")) == (3, 3), "what was merged in stands where it was merged"
    assert source.has(("models", "m", "weight"))
    assert not source.has(("models", "m", "nope"))


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_file_is_an_empty_document(text: str) -> None:
    assert parse_yaml(text).tree == {}


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: 1\na: 2\n", (2, 1), "Keep one of them"),
        ("a:\n  b: 1\n  c: 2\n  b: 3\n", (4, 3), "Keep one of them"),
        ("a: [1, 2\nb: 3\n", (2, 2), "this is not YAML"),
        ("a: 'x\n", (2, 1), "this is not YAML"),
        ("a: b: c\n", (1, 5), "this is not YAML"),
        ("a:\n\t- b\n", (2, 1), "this is not YAML"),
        ("- a\n", (1, 1), "the file must be a mapping"),
        ("text\n", (1, 1), "the file must be a mapping"),
        ("a: *nowhere\n", (1, 4), "this is not YAML"),
        ("a: 1\n---\nb: 2\n", (2, 1), "this is not YAML"),
        ("a: \x01\n", (1, 1), "this is not YAML"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, place: tuple[int, int], message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_yaml(text)
    (problem,) = refused.value.problems
    assert (problem.line, problem.column) == place
    assert message in problem.message


def test_a_repeated_secret_is_not_told() -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_yaml("api_key: sk-secret-1\napi_key: sk-secret-2\n")
    assert "sk-secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("path", "text"),
    [((), ""), (("a",), "a"), (("models", "a", "targets", 0), "models.a.targets[0]"), ((0, "a", 1, 2), "[0].a[1][2]")],
)
def test_paths_as_text(path: Path, text: str) -> None:
    assert dotted(path) == text


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(codec="ascii", categories=("L", "N", "Z")), max_size=6)
)
NAMES = st.text("abcxyz_-", min_size=1, max_size=5)


@given(
    st.dictionaries(
        NAMES,
        st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)),
    )
)
@settings(deadline=None)
def test_json_is_yaml_and_every_node_of_it_has_a_place(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    source = parse_yaml(text)
    assert source.tree == document == YAML(typ="safe", pure=True).load(text)
    for path in paths(document, ()):
        assert source.has(path)
        line, column = source.place(path)
        assert line == 1
        assert 1 <= column <= len(text)


def paths(node: Any, path: Path) -> list[Path]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [each for name, value in inner for each in [(*path, name), *paths(value, (*path, name))]]


@given(st.text(max_size=60))
@settings(deadline=None)
def test_any_text_is_a_document_or_our_own_error(text: str) -> None:
    tree: dict[str, Any] | None = None
    try:
        tree = parse_yaml(text).tree
    except ConfigurationError as refused:
        assert refused.problems  # noqa: PT017 - what else may be raised is the point
    assert tree is None or isinstance(tree, dict)
