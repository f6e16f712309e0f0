from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexus.configuration.errors import Mark, Path, Problem, Problems
from plexus.configuration.tree import Tree, Value, read_tree


def read(text: str) -> tuple[Tree, list[Problem]]:
    problems = Problems()
    tree = read_tree(text, lambda value, _: value, problems)
    return tree, list(problems)


def value(text: str) -> Value:
    tree, problems = read(text)
    assert problems == []
    return tree.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("a: 1", {"a": 1}),
        ("a: yes", {"a": "yes"}),
        ("a: true", {"a": True}),
        ("a: null", {"a": None}),
        ("a:", {"a": None}),
        ("a: 0x10", {"a": 16}),
        ("a: 1.5", {"a": 1.5}),
        ("a: .inf", {"a": float("inf")}),
        ("a: 2023-06-01", {"a": "2023-06-01"}),
        ('a: "1"', {"a": "1"}),
        ("a: '1'", {"a": "1"}),
        ("a: !!str 1", {"a": "1"}),
        ("4o: x\n17: y\ntrue: z", {"4o": "x", "17": "y", "true": "z"}),
        ("a: [1, {b: c}]", {"a": [1, {"b": "c"}]}),
        ("a: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}", {"a": {"b": 1, "c": 2}, "d": {"c": 3, "b": 1}}),
        (
            "a: &x {b: 1}\nc: &y {b: 2, d: 3}\ne: {<<: [*x, *y]}",
            {"a": {"b": 1}, "c": {"b": 2, "d": 3}, "e": {"b": 1, "d": 3}},
        ),
        ("a: &x {b: 1}\nc: &y {<<: *x}\nd: {<<: *y}", {"a": {"b": 1}, "c": {"b": 1}, "d": {"b": 1}}),
    ],
)
def test_values(text: str, expected: Value) -> None:
    assert value(text) == expected


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"])),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text(st.characters(codec="ascii", categories=["L"]), min_size=1), inner, max_size=4)
        ),
        max_leaves=20,
    )
)
def test_json_reads_as_itself(document: object) -> None:
    tree, problems = read(json.dumps(document, indent=1))
    assert problems == []
    assert tree.value == document
    assert type(tree.value) is type(document)


TEXT = """\
a:
  b: one
  c:
    - x: 1
    -   y: 2
"""


@pytest.mark.parametrize(
    ("path", "key", "mark"),
    [
        (("a",), True, Mark(1, 1)),
        (("a",), False, Mark(2, 3)),
        (("a", "b"), True, Mark(2, 3)),
        (("a", "b"), False, Mark(2, 6)),
        (("a", "c", 1, "y"), True, Mark(5, 9)),
        (("a", "c", 1, "y"), False, Mark(5, 12)),
        (("a", "c", 1, "missing"), False, Mark(5, 9)),
        (("a", "missing"), False, Mark(1, 1)),
        (("missing",), False, Mark(1, 1)),
    ],
)
def test_places(path: Path, key: bool, mark: Mark) -> None:
    assert read(TEXT)[0].mark(path, key=key) == mark


def test_other_spellings_and_steps_that_are_not_there_are_found() -> None:
    tree, _ = read(TEXT)
    tree.spellings = {"bee": frozenset({"b"})}
    assert tree.find(("a", "bee")) == ("a", "b")
    assert tree.find(("a", "list[x]", "c", "dict", 0, "x")) == ("a", "c", 0, "x")


@pytest.mark.parametrize(
    ("text", "mark", "message"),
    [
        ("a: 1\nb: 2\na: 3", Mark(3, 1), "is given twice, first on line 1."),
        ("a: {b: 1, b: 2}", Mark(1, 11), "is given twice, first on line 1."),
        ("a: &x [1, *x]", Mark(1, 4), "an alias stands inside its own anchor."),
        ("a: &x {b: {c: *x}}", Mark(1, 4), "an alias stands inside its own anchor."),
        ("a: !thing x", Mark(1, 4), "the tag `!thing` means nothing here."),
        ("a: !thing [x]", Mark(1, 4), "the tag `!thing` means nothing here."),
        ("? [a]\n: 1", Mark(1, 3), "a name must be text."),
        ("a: {<<: 5}", Mark(1, 9), "`<<` wants a mapping, or a list of mappings."),
        ("a: *x", Mark(1, 4), "this is no YAML: found undefined alias 'x'."),
        (
            "a: [1",
            Mark(1, 6),
            "this is no YAML: while parsing a flow sequence expected ',' or ']', but got '<stream end>'.",
        ),
        (
            "a: 1\n---\nb: 2",
            Mark(2, 1),
            "this is no YAML: expected a single document in the stream but found another document.",
        ),
        ("a: \x07", Mark(1, 1), "this is no YAML: unacceptable character #x0007: special characters are not allowed."),
        ("[" * 20_000, Mark(1, 1), "this is no YAML that can be read: it is nested too deeply."),
    ],
)
def test_mistakes(text: str, mark: Mark, message: str) -> None:
    (problem,) = read(text)[1]
    assert (problem.mark, problem.message) == (mark, message)


@pytest.mark.parametrize(
    ("text", "advice"),
    [("a:\n\t- b", "YAML is indented by spaces, not by tabs."), ("a: {b: ${X}}", 'Put ${…} into quotes: "${NAME}".')],
)
def test_advice_for_common_slips(text: str, advice: str) -> None:
    (problem,) = read(text)[1]
    assert problem.advice == advice


def test_several_mistakes_are_told_at_once() -> None:
    assert len(read("a: 1\na: 2\nb: !x 1\nb: 2")[1]) == 3


def test_a_document_that_grows_by_aliases_is_refused_early() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    _, problems = read("\n".join(lines))
    assert [problem.message for problem in problems] == ["aliases make this document too large."]


@pytest.mark.parametrize(
    ("text", "path", "shown"),
    [
        ("keys: {laptop: {secret: x}}", ("keys", "laptop", "models", 0), "keys.laptop.models[0]"),
        ("keys: {very-secret: {models: []}}", ("keys", "very-secret", "models"), "keys.***.models"),
        ("keys: {very-secret: }", ("keys", "very-secret"), "keys.***"),
        ("keys: [very-secret]", ("keys", 0), "keys[0]"),
        ("models: {a: {targets: []}}", ("models", "a", "targets"), "models.a.targets"),
    ],
)
def test_a_path_for_people_holds_no_secret(text: str, path: Path, shown: str) -> None:
    assert read(text)[0].show(path) == shown


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    tree, problems = read(text)
    assert problems or tree.value is None or () in tree.values
